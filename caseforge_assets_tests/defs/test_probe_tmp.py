import time
from caseforge_assets_tests.defs.project import *

def test_generate(project):
    t=time.monotonic()
    p = project(); print("open", time.monotonic()-t); t=time.monotonic()
    p.load(); print("load", time.monotonic()-t); t=time.monotonic()
    p.generate(); print("gen", time.monotonic()-t); t=time.monotonic()
    for s in STATIONS: print(s, p.states(s))
    print("states", time.monotonic()-t); t=time.monotonic()
    print("stale", p.stale()); print("stale", time.monotonic()-t); t=time.monotonic()
    print(p.stale())

def test_run(project):
    p = project(); p.load()
    t=time.monotonic()
    r = p.run(STATIONS); print("run", r.success, time.monotonic()-t); t=time.monotonic()
    for s in STATIONS: print(s, p.states(s))
    print(p.failure_runs()); print(p.stale()); print(p.bench.stats())
    r = p.run(STATIONS); print("run", r.success, time.monotonic()-t); t=time.monotonic()
    print(p.bench.stats())
    for s in ("submit_sensor","collect_sensor","flush_sensor"): print(p.tick(s))
