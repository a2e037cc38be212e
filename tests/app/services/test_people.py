import pytest

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.services import accounts, projects, reports
from app.services.export import export_answers
from tests.app.services.world import OPERATOR, World


def test_a_login_opens_a_session_and_ending_it_closes_it(world: World) -> None:
    world.person("ann")
    secret = accounts.sign_in(world.ctx, login="Ann ", password="long enough")
    assert secret is not None
    actor = accounts.actor_of_session(world.ctx, secret)
    assert actor is not None and actor.login == "ann"
    accounts.end_session(world.ctx, secret)
    assert accounts.actor_of_session(world.ctx, secret) is None


@pytest.mark.parametrize(("login", "password"), [("ann", "wrong one"), ("nobody", "long enough")])
def test_a_wrong_password_and_an_unknown_login_open_nothing(world: World, login: str, password: str) -> None:
    world.person("ann")
    assert accounts.sign_in(world.ctx, login=login, password=password) is None


def test_disabling_an_account_ends_its_sessions_and_tokens(world: World) -> None:
    ann = world.person("ann")
    secret = accounts.sign_in(world.ctx, login="ann", password="long enough")
    token, _ = accounts.issue_token(world.ctx, ann, name="t", days=None)
    assert secret is not None
    accounts.disable_user(world.ctx, OPERATOR, login="ann")
    assert accounts.actor_of_session(world.ctx, secret) is None
    assert accounts.actor_of_token(world.ctx, token) is None
    with pytest.raises(NotAllowed, match="disabled"):
        projects.list_projects(world.ctx, ann)


def test_bad_logins_short_passwords_and_taken_names_are_refused(world: World) -> None:
    world.person("ann")
    with pytest.raises(Invalid, match="login"):
        world.person("A b")
    with pytest.raises(Invalid, match="at least 8"):
        accounts.add_user(world.ctx, OPERATOR, login="bob", name="", password="short", is_admin=False)
    with pytest.raises(Conflict, match="already"):
        world.person("ann")


def test_services_refuse_what_a_role_may_not_do_even_when_called_directly(
    world: World, tmp_path: object
) -> None:
    from pathlib import Path

    project = world.project()
    annotator = world.member(project, "ann", "annotator")
    manager = world.member(project, "mara", "manager")
    stranger = world.person("stan")
    with pytest.raises(NotAllowed, match="see quality figures"):
        reports.agreement(world.ctx, annotator, project.id)
    with pytest.raises(NotAllowed, match="export answers"):
        export_answers(world.ctx, annotator, project.id, Path("never.jsonl"), format="jsonl")
    with pytest.raises(NotAllowed, match="change the project"):
        projects.add_guidelines(world.ctx, manager, project.id, "x")
    with pytest.raises(NotAllowed, match="work on items"):
        world.next(manager, project)
    with pytest.raises(NotFound):
        reports.agreement(world.ctx, stranger, project.id)
    with pytest.raises(NotAllowed, match="administrator"):
        accounts.list_users(world.ctx, annotator)


def test_roles_are_read_per_project(world: World) -> None:
    first, second = world.project("A"), world.project("B")
    quinn = world.member(first, "quinn", "qa_lead")
    assert reports.agreement(world.ctx, quinn, first.id).questions == []
    with pytest.raises(NotFound):
        reports.agreement(world.ctx, quinn, second.id)
