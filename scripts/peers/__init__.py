"""flowstill beside other normalizing-flow libraries, on the same work, in turns on the same cores.

Two sides talk over pipes. The orchestrator needs nothing but the standard library; the workers import one library each.

    orchestrator    __main__ (options) -> measure (which task next) -> rounds, whole_process (turns) -> table
                    task (the work), contestants (command lines), environment (Python packages), pinned (cores)
    worker          worker (answers "once more"), oneshot (save, sample, train), timing (one turn), libraries (names)
    libraries       torch_libraries, jax_library
    hand-tuned      torch_tuned (with torch_made, torch_sampler), torch_compiled, jax_tuned (with jax_sampler),
                    all on degrees; check compares them with torch_reference
"""
