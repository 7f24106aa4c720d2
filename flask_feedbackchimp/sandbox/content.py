"""What there is to read on the stand-in's boards; made up, and plain data."""

from __future__ import annotations

from typing import NamedTuple


class Comment(NamedTuple):
    """What somebody said under a post."""

    author: str
    date: str
    text: str


class Post(NamedTuple):
    """A wish or a report; ``date`` is ISO 8601, ``slug`` is unique on its board."""

    slug: str
    title: str
    author: str
    date: str
    votes: int
    status: str
    paragraphs: tuple[str, ...]
    comments: tuple[Comment, ...] = ()


class Board(NamedTuple):
    """A board with its posts."""

    slug: str
    title: str
    about: str
    posts: tuple[Post, ...]

    def post(self, slug: str) -> Post | None:
        """The post of a slug, or ``None``."""
        return next((post for post in self.posts if post.slug == slug), None)

    def sorted_posts(self, order: str) -> list[Post]:
        """The posts, newest first for ``"new"``, else by votes."""
        if order == "new":
            return sorted(self.posts, key=lambda post: post.date, reverse=True)
        return sorted(self.posts, key=lambda post: post.votes, reverse=True)


BOARDS = (
    Board(
        "1002-feature-requests",
        "Feature requests",
        "What should we build next? Vote for what would help you most.",
        (
            Post(
                "31-dark-mode",
                "Dark mode",
                "Mary Jackson",
                "2026-02-11",
                128,
                "Planned",
                (
                    "I keep the planner open all evening, and the white page is the "
                    "brightest thing in the room.",
                    "Following the system's setting would be enough. A switch in the "
                    "profile would be perfect.",
                ),
                (
                    Comment(
                        "Joan Clarke",
                        "2026-02-12",
                        "Please keep the contrast high: pale grey on dark grey is "
                        "harder to read than what we have now.",
                    ),
                    Comment(
                        "The team",
                        "2026-02-20",
                        "We have begun with the calendar, where most of you spend "
                        "your time. Thank you for the screenshots.",
                    ),
                ),
            ),
            Post(
                "34-export-to-csv",
                "Export a whole project to CSV",
                "Annie Easley",
                "2026-03-04",
                96,
                "Under review",
                ("Once a month I copy our hours into a spreadsheet by hand.",),
                (
                    Comment(
                        "Radia Perlman",
                        "2026-03-05",
                        "With a fixed order of the columns, please, so that macros "
                        "survive the next release.",
                    ),
                ),
            ),
            Post(
                "37-keyboard-shortcuts",
                "Keyboard shortcuts for the daily view",
                "Kathleen Booth",
                "2026-03-19",
                54,
                "Open",
                (
                    "New task, mark as done, next day, previous day. Four keys would "
                    "cover nine tenths of what I do.",
                ),
            ),
            Post(
                "41-recurring-tasks",
                "Recurring tasks that skip holidays",
                "Jean Bartik",
                "2026-04-02",
                41,
                "Open",
                (
                    "“Every last working day of the month” is hard to say today. The "
                    "calendar knows our holidays, so the tasks could know them, too.",
                ),
            ),
        ),
    ),
    Board(
        "1003-bug-reports",
        "Bug reports",
        "Something does not work as it should? Tell us what you saw.",
        (
            Post(
                "12-reminders-an-hour-late",
                "Reminders come an hour late since the clocks changed",
                "Hedy Lamarr",
                "2026-03-30",
                23,
                "In progress",
                ("Tasks made since are right; all older ones are late.",),
                (
                    Comment(
                        "The team",
                        "2026-03-31",
                        "We could reproduce it. Until it is fixed, saving the task "
                        "again puts its reminder right.",
                    ),
                ),
            ),
            Post(
                "14-long-titles-on-phones",
                "Long titles push the date off the screen on phones",
                "Sophie Wilson",
                "2026-04-08",
                9,
                "Open",
                ("From about sixty characters on; a title without spaces is worst.",),
            ),
        ),
    ),
    Board(
        "1004-integrations",
        "Integrations",
        "Which other tools should we work with?",
        (
            Post(
                "5-calendar-subscription",
                "A calendar address to subscribe to",
                "Karen Spärck Jones",
                "2026-01-27",
                77,
                "Done",
                (
                    "So that my tasks stand beside my meetings, in whatever calendar "
                    "I use. Read-only is fine.",
                ),
                (
                    Comment(
                        "The team",
                        "2026-03-12",
                        "It is there: Profile, then Calendar address.",
                    ),
                ),
            ),
            Post(
                "8-webhook-when-done",
                "A webhook when a task is done",
                "Margaret Hamilton",
                "2026-02-23",
                35,
                "Open",
                ("Our build could then tick its own boxes.",),
            ),
        ),
    ),
)


def find_board(slug: str) -> Board | None:
    """The board of a slug, or ``None``."""
    return next((board for board in BOARDS if board.slug == slug), None)
