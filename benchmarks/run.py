"""Count what the extension costs beside what people would write by hand.

It judges nothing: a missed goal is a line in the table.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from statistics import mean

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.md"  # docs/performance.md includes it
#: What is counted, beside what (without that: the count itself), and the goal.
ROWS = {
    "sign-in request / by hand": ("request ours", "request hand", 1.0),
    "create_token() / by hand": ("token ours", "token hand", None),
    "any other request / without": ("other ours", "other none", 1.005),
    "feedbackchimp_link() / by hand": ("link ours", "link hand", None),
    "feedbackchimp_link(page) / by hand": ("link-page ours", "link-page hand", 5),
    "feedbackchimp_url() / url_for()": ("url ours", "url hand", 1.0),
    "feedbackchimp_url(page) / url_for()": ("url-page ours", "url-page hand", None),
    "flask command / without": ("command ours", "command none", None),
    "jwt imported by a flask command": ("jwt ours", "", 0),
    "import and init_app, instructions": ("start", "", None),
    "request, 10 000 admins / none": ("request admins", "request ours", 1.01),
}
ONCE = re.compile("command|jwt|start|$")  # what is not counted in loops
NAMES = sorted({name for row in ROWS.values() for name in row[:2]})
LOOPS = [name for name in NAMES if not ONCE.match(name)]
MARK = "os.getppid()"  # where callgrind begins a new count
# A collection of what Flask left behind would be in the count by chance.
START = f"""
import gc, os, flask, flask_login
app = flask.Flask("shop")
app.config["FEEDBACKCHIMP_JWT_SECRET"] = "benchmark-only-7d1f0b52c9e84a6f8a3be0d4c2"
app.config["FEEDBACKCHIMP_ORGANIZATION"] = "acme"
gc.collect(); gc.freeze()
{MARK}
import flask_feedbackchimp
flask_feedbackchimp.FeedbackChimp(app)
{MARK}
"""


def count(python: Path, package: Path, loops: int, seed: int) -> dict[str, float]:
    """The instructions of one loop of each workload, and of what runs only once."""
    # Nothing else that the caller has set: it could change the counts.
    environ = {key: os.environ[key] for key in ("PATH", "HOME")}
    environ |= {"PYTHONHASHSEED": str(seed), "PYTHONPATH": f"{package}:{HERE}"}

    def callgrind(*arguments: str) -> tuple[str, dict[str, list[int]]]:
        """What is printed; by process, the counts between the marks."""
        totals = defaultdict(list)
        with tempfile.TemporaryDirectory() as folder:
            tool = ["valgrind", "-q", "--tool=callgrind", "--dump-before=getppid"]
            tool += [f"--callgrind-out-file={folder}/%p", str(python), *arguments]
            output = subprocess.check_output(tool, cwd=HERE, env=environ, text=True)
            # PID.1, PID.2, …, and PID for what follows the last mark.
            for file in sorted(Path(folder).iterdir(), key=lambda f: f.suffix or "~"):
                total = re.findall(r"^totals: (\d+)", file.read_text(), re.M)
                totals[file.stem].append(int(total[0]))
        return output, totals

    counts: dict[str, float] = {}
    output, totals = callgrind("workloads.py", str(loops), *LOOPS)
    for name, pid in zip(LOOPS, output.split(), strict=True):
        # After the warm-up two blocks, one three times as long: what is not in the
        # loops is in both, and cancels out.
        counts[name] = (totals[pid][5] - totals[pid][3]) / (2 * loops)
    for side in ("ours", "none"):
        app = f"workloads:shop('{side}')"
        output, totals = callgrind("-m", "flask", "--app", app, "noop")
        counts[f"command {side}"] = sum(map(sum, totals.values()))
        counts[f"jwt {side}"] = output == "True\n"
    _, totals = callgrind("-c", START)
    counts["start"] = next(iter(totals.values()))[1]
    return counts


def report(counts: dict[str, list[dict[str, float]]]) -> tuple[str, str]:
    """The table with the noise below it, and a line about the goals."""
    lines = [("what", "best", "worst", "goal")]
    lines.append(("---", "---:", "---:", "---:"))
    noise, verdicts = 0.0, defaultdict(list)
    for title, (name, other, goal) in ROWS.items():
        figures = []
        for version, found in counts.items():
            values = [each[name] / (each[other] if other else 1) for each in found]
            noise = max(noise, (max(values) - min(values)) / (mean(values) or 1))
            figures.append((mean(values), version))
        best, worst = min(figures), max(figures)
        wanted = verdict = ""
        if goal is not None:
            verdict = "met" if worst[0] <= goal else "missed"
            wanted = f"≤ {_number(goal)}, {verdict}"
        verdicts[verdict].append(title)
        ends = (f"{_number(value)} ({version})" for value, version in (best, worst))
        lines.append((title, *ends, wanted))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines]
    if noise:
        table += "", f"Another seed of hashes changed a figure by up to {noise:.2%}."
    met, missed = len(verdicts["met"]), verdicts["missed"]
    goals = f"bench: {met} of {met + len(missed)} goals met"
    return "\n".join(table), f"{goals}; missed: {', '.join(missed) or 'none'}"


def _number(number: float) -> str:
    if number < 1000:
        return f"{number:.3f}".replace(".000", "")
    return f"{number:,.0f}".replace(",", " ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="+", type=Path, metavar="PYTHON")
    parser.add_argument("--short", action="store_true", help="one seed, fewer loops")
    parser.add_argument("--docs", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--package", type=Path, default=HERE.parent, help="a checkout")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("bench: nothing was counted, valgrind is missing")
        return
    loops, seeds = (10, 1) if options.short else (20, 2)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = defaultdict(list)
        for python in map(Path.absolute, options.pythons):
            code = [HERE, options.package / "flask_feedbackchimp"]
            subprocess.check_call([python, "-m", "compileall", "-q", *code])
            version = subprocess.check_output([python, "-V"], text=True).split()[1]
            for seed in range(seeds):
                job = pool.submit(count, python, options.package, loops, seed)
                waiting[version].append(job)
        counts = {key: [job.result() for job in jobs] for key, jobs in waiting.items()}
    freeze = [options.pythons[-1], "-m", "pip", "freeze"]
    packages = ", ".join(subprocess.check_output(freeze, text=True).split())
    table, goals = report(counts)
    text = f"{datetime.now(timezone.utc):%Y-%m-%d}, {packages}\n\n{table}"
    print(text, goals, sep="\n\n")
    if options.docs:
        RESULTS.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
