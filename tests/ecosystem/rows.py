"""The rows of the table of docs/works-with.md, in its order."""

from ecosystem.neighbours import NEIGHBOURS
from ecosystem.servers import SERVERS, WRAPPERS
from ecosystem.stacks import STACKS
from ecosystem.watchers import WATCHERS

ROWS = [*STACKS, *NEIGHBOURS, *WATCHERS, *SERVERS, *WRAPPERS]
