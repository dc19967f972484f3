"""Who really calls, where proxies of ours stand between (HOMEROOM_TRUSTED_PROXIES)."""

from __future__ import annotations

from homeroom.networks import is_in, read_address


def client_behind(peer: str, forwarded_for: str | None, trusted: str) -> str:
    """The address of the caller: the last one in ``X-Forwarded-For`` that is not a proxy of ours.

    What stands before it was written by whoever called, and they may write what they like.
    """
    caller = peer
    for hop in reversed((forwarded_for or "").split(",")):
        if not is_in(caller, trusted) or (address := read_address(hop.strip())) is None:
            break
        caller = str(address)
    return caller
