"""Where Prefect's server has our flows."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

OURS = ["syndicate", "collect", "rehearse", "digest", "approve", "tell"]


def deployed(client: SyncPrefectClient) -> dict[str, UUID]:
    """Flow's name → its deployment. The server may have other people's flows as well."""
    ours = FlowFilter(name=FlowFilterName(any_=OURS))
    names = {one.id: one.name for one in client.read_flows(flow_filter=ours)}
    return {names[one.flow_id]: one.id for one in client.read_deployments(flow_filter=ours)}
