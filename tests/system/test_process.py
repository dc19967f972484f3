"""What the processes of one server owe each other."""

from __future__ import annotations

import subprocess
import sys

# A thousand alarms fall on a process that does nothing but wait; each has to wake it.
ALARMED = """
import signal
from homeroom.services.process import Attention

attention = Attention()
rung = woken = 0

def ring(*_):
    global rung
    rung += 1
    attention.set()

signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
while rung < 1000:
    if attention.wait():
        woken += 1
        attention.clear()
signal.setitimer(signal.ITIMER_REAL, 0)
attention.set()
print(woken > 100, attention.wait(0))
"""


def test_a_signal_never_finds_a_waiting_process_locked() -> None:
    out = subprocess.run([sys.executable, "-c", ALARMED], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.split() == ["True", "True"]
