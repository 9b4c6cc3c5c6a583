"""Other libraries on the data of this study: trained by maximum likelihood for a given wall time, as their
documentation says, and judged in the units of the data.

Two sides, as in `peers`: the orchestrator needs nothing but the standard library, a worker imports one library.

    orchestrator    compete (one contestant after the other), contestants (their names and how each is trained)
    worker          worker (command line) -> fit (one contestant on one data set) -> training (the loop by the clock)
                    standardizer (rows and units), watch (validation rows), batches, torch_trainer, jax_trainer
    libraries       nflows_models, zuko_models, normflows_models, flowjax_models
    check           laws: densities sum to one, and none is above the truth
"""
