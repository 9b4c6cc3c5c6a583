"""The names of everything measured beside flowstill, and where each lives.

A library is a class made with `(dim, hidden)`, with

    compiles            whether its first call compiles, and so is no measurement
    train, log_prob, maf_sample, iaf_sample, distill
                        methods of `batch`; each prepares its operation and returns a function that does it once
    wait(result)        returns once such a function's result is computed
    save(kind, path)    writes a model of random weights; `kind` is maf or iaf
    sample_saved(kind, path, count)
                        that model's samples, a NumPy array (count, dim)

Modules are imported by name on use: a process imports one library, or it would start slowly and weigh too much.
"""

import importlib

LIBRARIES = {
    "nflows": "torch_libraries.NFlows",
    "zuko": "torch_libraries.Zuko",
    "normflows": "torch_libraries.NormFlows",
    "pyro": "torch_libraries.Pyro",
    "flowjax": "jax_library.FlowJax",
}
TUNED = {
    "torch-hand": "torch_tuned.TorchTuned",
    "torch-hand+compile": "torch_compiled.TorchCompiled",
    "jax-hand": "jax_tuned.JaxTuned",
}
# unrolling the sequential sampler takes the compiler minutes; restoring a compiled model is torch-hand's business
LEFT_OUT = {"torch-hand+compile": {"maf_sample", "startup_maf", "startup_iaf"}}


def load(name):
    module, cls = (LIBRARIES | TUNED)[name].split(".")
    return getattr(importlib.import_module(f"peers.{module}"), cls)
