from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
HOOKS = Path(__file__).resolve().parents[2] / "hooks"
ACTION = yaml.safe_load((HOOKS / "github" / "action.yml").read_text())
WORKFLOW = yaml.safe_load((HOOKS / "github" / "workflow.yml").read_text())
GITLAB = yaml.safe_load((HOOKS / "gitlab" / "aicodelint.gitlab-ci.yml").read_text())
FILLER = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(12))
HUMAN = "def plain(value_0):\n" + FILLER
AI = "def delve(value_0):  # Qwen\n" + FILLER


@pytest.fixture
def change(repository, tmp_path: Path):
    """A repository whose base has an AI-looking file and whose change adds another one; and the base."""
    base = repository.commit(old_py=AI, human_py=HUMAN)
    repository.commit(new_py=AI)
    repository.outputs = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in repository.outputs.values():
        path.touch()
    return repository, base


def scan(repository, **environment: str):
    files = {name: str(path) for name, path in repository.outputs.items()}
    return repository.run("bash", str(HOOKS / "github" / "scan.sh"), GITHUB_WORKSPACE=str(repository.root), **files, **environment)


def uris(path: Path) -> list[str]:
    (run,) = json.loads(path.read_text())["runs"]
    return [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]


def test_a_pull_request_is_judged_by_its_change(change) -> None:
    repository, base = change
    done = scan(repository, AICODELINT_BASE=base)
    assert done.returncode == 1, done.stderr
    assert "::warning file=new.py,line=1,endLine=10,title=aicodelint AIC102::" in done.stdout
    assert "old.py" not in done.stdout
    assert uris(repository.root / "aicodelint.sarif") == ["new.py"]
    assert "new&#46;py" in repository.outputs["GITHUB_STEP_SUMMARY"].read_text()
    assert repository.outputs["GITHUB_OUTPUT"].read_text() == "sarif=aicodelint.sarif\nfindings=true\n"


def test_a_push_is_judged_whole_and_need_not_fail(change) -> None:
    repository, _ = change
    done = scan(repository, AICODELINT_FAIL="false", AICODELINT_SARIF="out.sarif", AICODELINT_BASE="all")
    assert done.returncode == 0, done.stderr
    assert uris(repository.root / "out.sarif") == ["new.py", "old.py"]
    assert "findings=true" in repository.outputs["GITHUB_OUTPUT"].read_text()


def test_what_keeps_it_from_working_always_fails(change) -> None:
    repository, _ = change
    assert scan(repository, AICODELINT_FAIL="false", AICODELINT_ARGS="--no-such-option").returncode == 2
    assert scan(repository, AICODELINT_FAIL="false", AICODELINT_BASE="--upload-pack=x").returncode == 2


def test_isolated_heeds_nothing_of_the_repository(change) -> None:
    repository, base = change
    repository.commit(new_py="# aicodelint: ignore-file\n" + AI, pyproject_toml='[tool.aicodelint]\nignore = ["AIC"]\n')
    assert scan(repository, AICODELINT_BASE=base).returncode == 0
    assert scan(repository, AICODELINT_BASE=base, AICODELINT_ISOLATED="true").returncode == 1


def test_a_shallow_checkout_fetches_its_base(change, make_repository) -> None:
    origin, base = change
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    shallow = make_repository("shallow")
    shallow.git("remote", "add", "origin", origin.root.as_uri())
    shallow.git("fetch", "-q", "--depth=1", "origin", "main")
    shallow.git("checkout", "-q", "FETCH_HEAD")
    shallow.outputs = origin.outputs
    done = scan(shallow, AICODELINT_BASE=base)
    assert (done.returncode, uris(shallow.root / "aicodelint.sarif")) == (1, ["new.py"]), done.stderr


def test_no_expression_stands_in_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        script = re.fullmatch(r'"\$GITHUB_ACTION_PATH/(\w+\.sh)"', step["run"])
        assert (HOOKS / "github" / script[1]).stat().st_mode & 0o111


def test_the_action_and_the_example_agree() -> None:
    steps = WORKFLOW["jobs"]["aicodelint"]["steps"]
    ours = next(step for step in steps if "aicodelint/hooks/github" in step.get("uses", ""))
    assert set(ours["with"]) <= set(ACTION["inputs"])
    upload = steps[-1]
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    used = set(re.findall(r"steps\.aicodelint\.outputs\.(\w+)", json.dumps(upload)))
    assert used and used <= set(ACTION["outputs"])
    assert WORKFLOW["permissions"] == {"contents": "read", "security-events": "write"}
    environment = ACTION["runs"]["steps"][1]["env"]
    read = set(re.findall(r"AICODELINT_\w+", (HOOKS / "github" / "scan.sh").read_text()))
    assert set(environment) == read


def test_gitlabs_job_writes_the_reports_that_it_names(change) -> None:
    repository, base = change
    job = GITLAB["aicodelint"]
    script = "\n".join(["set -eu", *job["before_script"], *job["script"]])
    more = {"CI_PROJECT_DIR": str(repository.root), "AICODELINT_ARGS": "--threshold 0.9"}
    done = repository.run("sh", "-c", script, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **more)
    assert done.returncode == job["allow_failure"]["exit_codes"] == 1, done.stderr
    reports = job["artifacts"]["reports"]
    assert [issue["location"]["path"] for issue in json.loads((repository.root / reports["codequality"]).read_text())] == ["new.py"]
    assert 'name="new.py"' in (repository.root / reports["junit"]).read_text()
    repository.run("sh", "-c", script, **more)
    assert [issue["location"]["path"] for issue in json.loads((repository.root / reports["codequality"]).read_text())] == ["new.py", "old.py"]
