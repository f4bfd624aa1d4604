"""The chart renders without a cluster, and every manifest is one that Kubernetes takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.instance.ref import InstanceRef

from caseforge_assets_tests.hosts.cluster import PROJECT

pytestmark = pytest.mark.hosts
HELM = PROJECT / "deploy" / "helm"
KUBERNETES = ("1.27", "1.34")
EVERYTHING = {
    "ingress": {"enabled": True},
    "dagsterProxy": {"enabled": True},
    "optionalSecrets": ["aws_credentials", "oidc_client_secret", "openai_webhook_secret", "alert_urls"],
    "imagePullSecrets": [{"name": "registry"}],
}


def rendered(chart: Path, values: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Renders the chart with these values."""
    helm = pytest.importorskip("helm_python", reason="helm-python-sdk is not installed; `make test-hosts` installs it")
    with helm.Chart.load(str(chart)) as loaded:
        texts = loaded.render(values=values, name=name)
    return [manifest for path, text in texts.items() if path.endswith(".yaml") for manifest in yaml.safe_load_all(text) if manifest]


def refused(manifests: list[dict[str, Any]], version: str) -> list[str]:
    """Lists the objections of Kubernetes' own schemas to manifests."""
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed; `make test-hosts` installs it")
    wrong = []
    for manifest in manifests:
        try:
            validate.validate(manifest, version, strict=True)
        except validate.ValidationError as error:
            wrong.append(f"{manifest['kind']} {manifest['metadata']['name']}: {error.message}")
    return wrong


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["as it is", "with everything"])
def test_the_chart_makes_manifests_that_kubernetes_takes(values: dict[str, Any], version: str) -> None:
    manifests = rendered(HELM / "caseforge", values, "caseforge")
    assert refused(manifests, version) == []
    kinds = {manifest["kind"] for manifest in manifests}
    assert kinds >= {"ConfigMap", "Deployment", "Service", "Job", "NetworkPolicy", "PodDisruptionBudget"}
    assert ("Ingress" in kinds) == bool(values)


def test_every_pod_is_confined() -> None:
    manifests = rendered(HELM / "caseforge", EVERYTHING, "caseforge")
    pods = [manifest["spec"]["template"]["spec"] for manifest in manifests if manifest["kind"] in ("Deployment", "Job")]
    assert len(pods) == 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            security = container["securityContext"]
            assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_a_secret_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Exception, match="alert_url is none of"):
        rendered(HELM / "caseforge", {"optionalSecrets": ["alert_url"]}, "caseforge")


def test_dagsters_chart_takes_the_values(tmp_path: Path) -> None:
    """With the chart of Dagster in the folder that CASEFORGE_DAGSTER_CHART names; it is not part of this project."""
    named = os.environ.get("CASEFORGE_DAGSTER_CHART")
    if not named:
        pytest.skip("CASEFORGE_DAGSTER_CHART names no folder with Dagster's chart (helm pull dagster/dagster --version 1.13.27 --untar)")
    values = yaml.safe_load((HELM / "values.yaml").read_text(encoding="utf-8"))
    manifests = rendered(Path(named), values, "dagster")
    assert refused(manifests, KUBERNETES[-1]) == []
    instance = next(
        manifest for manifest in manifests if manifest["kind"] == "ConfigMap" and "dagster.yaml" in (manifest.get("data") or {})
    )
    written = yaml.safe_load(instance["data"]["dagster.yaml"])
    (tmp_path / "dagster.yaml").write_text(instance["data"]["dagster.yaml"])
    InstanceRef.from_dir(str(tmp_path))  # Dagster takes it
    assert written["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert written["run_launcher"]["class"] == "K8sRunLauncher"
    assert written["concurrency"]["runs"]["max_concurrent_runs"] == values["concurrency"]["runs"]["maxConcurrentRuns"]
    assert written["compute_logs"]["class"] == "S3ComputeLogManager"
    ours = rendered(HELM / "caseforge", EVERYTHING, "caseforge")
    labels = [
        manifest["spec"]["template"]["metadata"]["labels"] for manifest in (*manifests, *ours) if manifest["kind"] in ("Deployment", "Job")
    ]
    for policy in (manifest for manifest in ours if manifest["kind"] == "NetworkPolicy"):
        assert [pod_labels for pod_labels in labels if selects(policy["spec"]["podSelector"], pod_labels)], policy["metadata"]["name"]
    env = next(manifest["data"] for manifest in ours if manifest["metadata"]["name"] == "caseforge-env")
    services = {
        f"http://{manifest['metadata']['name']}:{manifest['spec']['ports'][0]['port']}"
        for manifest in manifests
        if manifest["kind"] == "Service"
    }
    assert env["CASEFORGE_WEBSERVER_URL"] in services


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Tells whether a selector of Kubernetes means a pod with these labels."""
    wanted = selector.get("matchLabels", {})
    among = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        labels.get(term["key"]) in term["values"] for term in among
    )
