"""Running jobs on demand while developing, so that a test never sleeps (homeroom.md §5)."""

from __future__ import annotations

from homeroom.control.contexts import require_development
from homeroom.school.rights.actor import Actor
from homeroom.wire.routing.routes import BY_POLICY, Routes
from homeroom.wire.serving.services import Services

route = Routes()


# Each job has transactions of its own: one around them all would keep them from writing.
@route.post("/jobs/run", right=BY_POLICY, writes=False, slow=True)
def run_jobs(actor: Actor, services: Services) -> dict[str, int]:
    """Run what is due now, and wait for it."""
    require_development(actor, services.settings)
    return {"ran": services.jobs.run_due()}
