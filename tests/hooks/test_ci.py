from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
HOOKS = Path(__file__).resolve().parents[2] / "hooks"
ACTION = yaml.safe_load((HOOKS / "github" / "action.yml").read_text())
WORKFLOW = yaml.safe_load((HOOKS / "github" / "workflow.yml").read_text())
STEPS = WORKFLOW["jobs"]["aicodelint"]["steps"]
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


def test_an_aicodelint_that_is_checked_out_beside_the_code_is_not_judged(change) -> None:
    repository, _ = change
    own = repository.root / ".aicodelint"
    (own / "hooks").mkdir(parents=True)
    shutil.copytree(HOOKS / "github", own / "hooks" / "github")
    (own / "own.py").write_text(AI)
    files = {name: str(path) for name, path in repository.outputs.items()}
    done = repository.run("bash", f"{own.parent}/./.aicodelint/hooks/github/scan.sh", AICODELINT_BASE="all", **files)
    assert (done.returncode, uris(repository.root / "aicodelint.sarif")) == (1, ["new.py", "old.py"]), done.stderr
    assert "own.py" in repository.aicodelint("scan").stdout


def test_the_example_says_what_has_to_be_filled_in(repository) -> None:
    first, *steps = STEPS
    assert "run" in first
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", first["run"]]
    variables = set(WORKFLOW["env"])
    for left_out in variables:
        done = repository.run(*script, **{name: "" if name == left_out else "x" for name in variables})
        assert (done.returncode, done.stdout.startswith("::error "), left_out in done.stdout) == (1, True, True)
    assert repository.run(*script, **dict.fromkeys(variables, "x")).returncode == 0
    assert set(WORKFLOW["env"].values()) == {""}
    fetched = next(step["with"] for step in steps if step.get("with", {}).get("repository"))
    assert set(re.findall(r"env\.(\w+)", json.dumps(fetched))) == variables
    assert [step["uses"] for step in steps if step.get("uses", "").startswith("./")] == [f"./{fetched['path']}/hooks/github"]


@pytest.mark.parametrize(
    ("schema", "options", "file"),
    [
        ("vendor.github-workflows", [], "github/workflow.yml"),
        ("vendor.github-actions", [], "github/action.yml"),
        ("vendor.gitlab-ci", ["--data-transform", "gitlab-ci"], "gitlab/aicodelint.gitlab-ci.yml"),
    ],
)
def test_they_pass_the_published_schemas(tmp_path: Path, schema: str, options: list[str], file: str) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    tool = os.environ.get("CHECK_JSONSCHEMA") or shutil.which("check-jsonschema", path=path)
    if tool is None:
        pytest.skip("needs CHECK_JSONSCHEMA: the command of the package check-jsonschema")
    command = [tool, "--builtin-schema", schema, *options]
    done = subprocess.run([*command, str(HOOKS / file)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((HOOKS / file).read_text().replace("jobs:", "job:").replace("runs:\n", "run:\n").replace("stage: test", "stage: {}"))
    assert subprocess.run([*command, str(wrong)], capture_output=True, check=False, timeout=120).returncode == 1


def test_actionlint_has_nothing_to_say(repository) -> None:
    tool = os.environ.get("ACTIONLINT") or shutil.which("actionlint")
    if tool is None:
        pytest.skip("needs ACTIONLINT: the executable of rhysd/actionlint")
    repository.write(".github/workflows/aicodelint.yml", (HOOKS / "github" / "workflow.yml").read_text())
    done = repository.run(tool)
    assert done.returncode == 0, done.stdout


def test_the_action_and_the_example_agree() -> None:
    steps = STEPS
    ours = next(step for step in steps if "aicodelint/hooks/github" in step.get("uses", ""))
    assert set(ours["with"]) <= set(ACTION["inputs"])
    assert WORKFLOW["env"].keys().isdisjoint(ACTION["runs"]["steps"][1]["env"]), "the workflow's variables would reach the script"
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


def test_gitlabs_job_says_what_has_to_be_filled_in(change) -> None:
    repository, _ = change
    job = GITLAB["aicodelint"]
    (repository.bin / "aicodelint").unlink()
    path = f"{repository.bin}:/usr/bin:/bin"
    if shutil.which("aicodelint", path=path):
        pytest.skip("there is another aicodelint in the system's own directories")
    script = "\n".join(["set -eu", *job["before_script"]])
    done = repository.run("sh", "-c", script, PATH=path, **{name: str(value) for name, value in job["variables"].items()})
    assert (done.returncode != 0, "AICODELINT_PACKAGE" in done.stderr) == (True, True), done.stderr
