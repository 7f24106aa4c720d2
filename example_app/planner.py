"""The pages of the planner: the day's tasks, and what is new in Daybook."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from werkzeug.exceptions import HTTPException
from wtforms import StringField, SubmitField
from wtforms.validators import DataRequired, Length

from .models import Task, db

blueprint = Blueprint("planner", __name__)


class TaskForm(FlaskForm):
    """A new task."""

    text = StringField(
        "New task",
        validators=[DataRequired("Say what there is to do."), Length(max=120)],
        filters=[lambda text: text.strip() if text else text],
        render_kw={"autocomplete": "off"},
    )
    submit = SubmitField("Add")


@blueprint.get("/")
def home() -> str:
    """What Daybook is."""
    return render_template("home.html")


@blueprint.get("/whats-new")
def whats_new() -> str:
    """What is planned, with links to the posts about it on the feedback board."""
    return render_template("whats_new.html")


@blueprint.route("/tasks", methods=["GET", "POST"])
@login_required
def tasks() -> ResponseReturnValue:
    """The visitor's tasks, and a form for one more."""
    form = TaskForm()
    if form.validate_on_submit():
        db.session.add(Task(text=form.text.data, user_id=current_user.id))
        db.session.commit()
        return redirect(url_for("planner.tasks"))
    return render_template("tasks.html", form=form, tasks=current_user.tasks)


# The database stores no larger number than this one.
@blueprint.post("/tasks/<int(max=2147483647):task_id>/toggle")
@login_required
def toggle(task_id: int) -> ResponseReturnValue:
    """Mark a task as done, or as not done after all."""
    task = db.session.get(Task, task_id)
    if task is None or task.user_id != current_user.id:
        abort(404)
    task.done = not task.done
    db.session.commit()
    return redirect(url_for("planner.tasks"))


@blueprint.app_errorhandler(HTTPException)
def show_error(error: HTTPException) -> ResponseReturnValue:
    """Show HTTP errors, CSRF errors among them, as pages of the app."""
    response = error.get_response()  # with its headers, such as Allow
    response.data = render_template("error.html", error=error)
    response.content_type = "text/html; charset=utf-8"
    return response
