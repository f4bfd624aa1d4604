import time
import pytest
@pytest.mark.parametrize("n", range(3))
def test_a(bench, n):
    t=time.time(); b=bench(); print("bench", time.time()-t)
    t=time.time(); r=b.generate(); print("gen", time.time()-t, len(r))
    print(b.query("select stage,count(*) from caseforge.content group by 1"), b.stats())
def test_b(bench):
    t=time.time(); b=bench(bills=True, budget_usd=10); print("bench", time.time()-t)
    t=time.time(); r=b.generate(); print("gen", time.time()-t, len(r), r)
    print(b.query("select stage,count(*), sum(cost_usd) from caseforge.content group by 1"), b.stats())
