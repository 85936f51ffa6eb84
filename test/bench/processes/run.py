"""As run.mjs, for a handler in Python."""

import importlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

path, name, mode, event, expected, count = sys.argv[1:7]
out = sys.stdout
# What the handler prints goes elsewhere.
sys.stdout = open(os.devnull, "w")
sys.path.insert(0, os.path.dirname(path))
module = importlib.import_module(os.path.basename(path).removesuffix(".py"))
handler = getattr(module, name)
print("ready", file=out, flush=True)


def send(_=None):
    response = handler(json.loads(event), None)
    if response["statusCode"] != 200 or (expected and response["body"] != expected):
        raise RuntimeError(response["body"])
    return response["body"]


def time_one(_):
    start = time.perf_counter()
    send()
    return 1000 * (time.perf_counter() - start)


def warm():
    numbers = range(int(count))
    list(map(time_one, numbers))
    return json.dumps(list(map(time_one, numbers)))


def concurrent():
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(send, range(int(count))))
    return ""


print({"cold": send, "warm": warm, "concurrent": concurrent}[mode](), file=out, flush=True)
