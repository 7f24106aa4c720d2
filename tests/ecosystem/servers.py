"""The commands of real servers, and what stands in front of an app."""

from __future__ import annotations

import sys
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
GUNICORN = f"{PROGRAMS}/gunicorn --bind=fd://{{fd}} ecosystem.serving:app"
UVICORN = f"{PROGRAMS}/uvicorn --fd={{fd}}"
#: By the name of the distributions: the command that serves on a listening socket.
SERVERS = {
    "gunicorn (sync)": f"{GUNICORN} --worker-class=sync --workers=2",
    "gunicorn (gthread)": f"{GUNICORN} --worker-class=gthread --threads=4",
    "gunicorn gevent (gevent)": f"{GUNICORN} --worker-class=gevent",
    "waitress": f"{sys.executable} -m ecosystem.serving {{fd}}",
    "pyuwsgi (uWSGI)": f"{PROGRAMS}/pyuwsgi --master --http-socket=fd://{{fd}}"
    " --module=ecosystem.serving:app --die-on-term --need-app --threads=2",
    "a2wsgi uvicorn": f"{UVICORN} ecosystem.serving:through_a2wsgi",
    "asgiref uvicorn": f"{UVICORN} ecosystem.serving:through_asgiref",
}
WRAPPERS = ["Werkzeug (ProxyFix)", "Werkzeug (mount)"]
