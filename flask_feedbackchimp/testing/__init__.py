"""A test kit: proves, without a network, that an app signs its users in on the board.

::

    from flask_feedbackchimp.testing import StandInBoard

    def test_the_nav_link_signs_ada_in(app, client):  # client: Ada is logged in
        visit = StandInBoard(app).click_link(client, on="/")
        assert visit.signed_in
        assert visit.claims["email"] == "ada@example.com"
        assert visit.page == "/"

The app runs as it is, with its own settings; the board is the stand-in of
:mod:`flask_feedbackchimp.sandbox`, with the app's secret. Nothing in the rest of the
package imports this.
"""

from .board import StandInBoard
from .visit import Visit

__all__ = ["StandInBoard", "Visit"]
