"""How the demo starts and ends."""

import signal
import socket

import pytest

STOPPED = "\nBoth servers are stopped.\n"


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_greeting(demo):
    """It says where to go, and who to be."""
    assert f"Daybook, the example app:  {demo.app}\n" in demo.said
    assert f"A stand-in for its board:  {demo.board}\n" in demo.said
    assert "ada@example.com" in demo.said
    assert "lovelace" in demo.said


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_stop(launch, tmp_path, by):
    """A word of goodbye, and nothing is left running."""
    demo = launch(tmp_path).once_ready()
    assert demo.stop(by) == 0
    assert demo.said.endswith(STOPPED)
    assert is_free(demo.app_port)
    assert is_free(demo.board_port)


def test_stop_while_it_starts(launch, page, tmp_path):
    """The database is finished first, and the next start finds it whole."""
    demo = launch(tmp_path).once((tmp_path / "feedbackchimp_jwt_secret").exists)
    assert demo.stop(signal.SIGTERM) == 0
    assert demo.said.endswith(STOPPED)
    again = launch(tmp_path).once_ready()
    page.goto(f"{again.app}/login?next=/tasks")
    page.get_by_role("button", name="Log in as Grace Hopper").click()
    assert page.get_by_text("Water the plants").count() == 1


def test_login_outlives_the_demo(launch, page, tmp_path):
    """The next start has the same secrets; no token was printed."""
    demo = launch(tmp_path).once_ready()
    page.goto(f"{demo.app}/login")
    page.get_by_role("button", name="Log in as Ada Lovelace").click()
    page.get_by_role("link", name="Feedback", exact=True).click()
    page.wait_for_url(f"{demo.board}/")
    demo.stop(signal.SIGTERM)
    assert "eyJ" not in demo.said
    again = launch(tmp_path).once_ready()
    page.goto(f"{again.app}/tasks")
    assert page.get_by_text("Ada Lovelace").is_visible()


@pytest.mark.parametrize("name", ["app_port", "board_port"])
def test_taken_port(launch, demo, tmp_path, name):
    """A second demo ends with a sentence, and nothing of it is left."""
    taken = getattr(demo, name)
    second = launch(tmp_path, **{name: taken})
    assert second.process.wait(60) == 1
    assert f"Port {taken} is taken by another program." in second.said
    assert "make demo DEMO_APP_PORT=5080 DEMO_BOARD_PORT=5081" in second.said
    assert "Traceback" not in second.said
    for port in {second.app_port, second.board_port} - {taken}:
        assert is_free(port)


def test_wrong_setting(launch, tmp_path, monkeypatch):
    """It is a sentence, as every command of Flask's shows it."""
    monkeypatch.setenv("FLASK_FEEDBACKCHIMP_TOKEN_LIFETIME", "5")
    demo = launch(tmp_path)
    assert demo.process.wait(60) == 1
    assert "FEEDBACKCHIMP_TOKEN_LIFETIME must be between 30 and 3600" in demo.said
    assert "Traceback" not in demo.said
