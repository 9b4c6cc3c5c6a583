//! The executor against a SLURM of files, `fake_slurm.sh`, whose mishaps a test decides on.

use super::*;
use crate::error::SweepError;
use flowstill_runner::config::sweep::Slurm;
use std::cell::{Cell, RefCell};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

mod world;

use world::*;

#[test]
fn workers_first_and_speed_last_on_a_node_of_its_own() {
    let world = World::new(3, &|world, turn| match turn {
        4 => world.left.set(Left { speed: 2, ..Left::default() }),
        6 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(8).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-2%8", "0-0%8"]);
    let script = |n: u32| fs::read_to_string(world.store().join(format!("slurm/{n}.sh"))).unwrap();
    assert!(!script(1).contains("--exclusive") && !script(1).contains("--speed"));
    assert!(script(2).contains("#SBATCH --exclusive\n") && script(2).ends_with("' --speed\n"));
    assert!(world.store().join("slurm/logs").is_dir());
}

#[test]
fn no_more_tasks_than_allowed_and_more_as_stages_become_ready() {
    let world = World::new(1, &|world, turn| match turn {
        3 => world.left.set(Left { ready: 1, running: 1, waiting: 5, ..Left::default() }),
        5 => world.left.set(Left { ready: 9, ..Left::default() }),
        7 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(3).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-0%3", "0-0%3", "0-0%3"]);
}

#[test]
fn arrays_are_no_larger_than_slurm_takes_them() {
    let world = World::new(10, &|world, turn| {
        if turn == 3 {
            world.done()
        }
    });
    assert_eq!(world.run(100).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-3%100", "0-3%100", "0-1%100"]);
}

#[test]
fn lost_tasks_are_replaced() {
    let world = World::new(2, &|world, turn| match turn {
        2 => world.task("1_1", "NODE_FAIL|NodeDown"),
        4 => world.task("1_0", "PREEMPTED|None"),
        6 => world.task("2_0", "PENDING|launch failed requeued held"),
        9 => world.done(),
        _ => world.progress(),
    });
    assert_eq!(world.run(2).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-1%2", "0-0%2", "0-0%2", "0-0%2"]);
    assert!(world.asked("scancel").contains(&"scancel 2_0".to_owned()), "{:?}", world.asked("scancel"));
    for told in ["1_1 ended as NODE_FAIL (NodeDown)", "1_0 ended as PREEMPTED", "requeued held"] {
        world.was_told(told);
    }
    assert!(!world.told.borrow().iter().any(|line| line.contains("broke")), "none of this is a worker's fault");
}

#[test]
fn workers_that_broke_are_told_to_the_store() {
    let world = World::new(2, &|world, turn| match turn {
        2 => world.task("1_1", "OUT_OF_MEMORY|None"),
        4 => world.task("1_0", "FAILED|NonZeroExitCode"),
        7 => world.done(),
        _ => world.progress(),
    });
    assert_eq!(world.run(2).unwrap(), Outcome::Done);
    world.was_told("1_1 broke: OUT_OF_MEMORY");
    world.was_told("1_0 broke: FAILED");
}

#[test]
fn a_full_disk_ends_the_sweep_with_a_sentence() {
    let world = World::new(2, &|world, turn| {
        if turn == 2 {
            world.put("exit_code", "3:0");
            world.task("1_1", "FAILED|NonZeroExitCode");
        }
    });
    let error = world.run(2).unwrap_err().to_string();
    assert!(error.starts_with("no space is left to write ") && error.ends_with("the same command goes on"), "{error}");
    assert_eq!(world.arrays(), ["0-1%2"], "a new worker would find it full as well");
    assert_eq!(fs::read_to_string(world.store().join("bin/tasks/1_0")).unwrap(), "CANCELLED|None\n");
    // once there is space
    assert_eq!(
        world
            .run_again(&|world, turn| if turn == 3 {
                world.done()
            })
            .unwrap(),
        Outcome::Done
    );
}

#[test]
fn tasks_that_slurm_has_forgotten_are_replaced() {
    let world = World::new(1, &|world, turn| match turn {
        2 => world.take_away("tasks/1_0"),
        4 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(1).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-0%1", "0-0%1"]);
}

#[test]
fn a_task_that_requeues_or_is_ending_is_waited_for() {
    let world = World::new(1, &|world, turn| match turn {
        2 => world.task("1_0", "PENDING|BeginTime"),
        4 => world.task("1_0", "COMPLETING|None"),
        8 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(1).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-0%1"]);
    world.was_told("0 running, 1 pending (BeginTime)");
}

#[test]
fn a_controller_that_does_not_answer_is_waited_for() {
    let world = World::new(1, &|world, turn| match turn {
        3 => {
            world.task("1_0", "FAILED|NonZeroExitCode");
            world.put("unreachable", "");
        }
        6 => assert_eq!(world.arrays(), ["0-0%1"], "nothing follows from silence"),
        7 => world.take_away("unreachable"),
        10 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(1).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-0%1", "0-0%1"]);
    world.was_told("SLURM does not answer, its jobs may go on: Unable to contact");
}

#[test]
fn the_store_alone_says_that_all_is_done() {
    let world = World::new(1, &|world, turn| match turn {
        2 => world.put("unreachable", ""),
        3 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(1).unwrap(), Outcome::Done);
}

#[test]
fn a_submission_whose_answer_is_lost_is_found_by_its_script() {
    let world = World::new(2, &|world, turn| match turn {
        1 => world.put("lose", ""),
        5 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(2).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-1%2"]);
    world.was_told("2 running");
}

#[test]
fn without_squeue_scontrol_is_asked() {
    let world = World::new(2, &|world, turn| match turn {
        1 => world.put("no_squeue", ""),
        3 => world.task("1_1", "TIMEOUT|TimeLimit"),
        6 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(2).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-1%2", "0-0%2"]);
}

/// Every task fails at once.
fn all_fail(world: &World, _: u32) {
    for job in 1..=world.arrays().len() {
        world.task(&format!("{job}_0"), "FAILED|NonZeroExitCode");
    }
}

#[test]
fn it_gives_up_when_nothing_goes_on() {
    let world = World::new(1, &|world, turn| {
        all_fail(world, turn);
        let logs = world.store().join("slurm/logs");
        if logs.is_dir() {
            fs::write(logs.join("3_0.log"), "starting\nmodule: command not found\n\n").unwrap();
        }
    });
    let error = world.run(1).unwrap_err();
    assert_eq!((error.exit_code(), world.arrays().len()), (1, 3));
    for part in ["3 submissions", "ended as FAILED", "/slurm/logs/3_0.log ends with `module: command not found`"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn jobs_that_are_too_short_are_submitted_as_long_as_each_gets_further() {
    let world = World::new(1, &|world, turn| {
        world.put("exit_code", "130:0");
        all_fail(world, turn);
        world.progress();
        if world.arrays().len() == 9 {
            world.done();
        }
    });
    assert_eq!(world.run(1).unwrap(), Outcome::Done);
    world.was_told("task 1_0 ended as saved, by a signal");
}

#[test]
fn an_interrupt_leaves_the_jobs_and_the_same_command_finds_them() {
    let leave: Script = &|world, turn| world.interrupted.store(turn == 3, Ordering::Relaxed);
    let world = World::new(2, leave);
    let left = world.run(2).unwrap();
    assert_eq!(left, Outcome::Left { tasks: 2 });
    assert!(left.to_string().contains("the same command looks after them again, with --cancel"), "{left}");
    assert_eq!(world.asked("scancel"), [""; 0]);
    world.interrupted.store(false, Ordering::Relaxed);
    assert_eq!(
        world
            .run_again(&|world, turn| if turn == 3 {
                world.done()
            })
            .unwrap(),
        Outcome::Done
    );
    assert_eq!(world.arrays(), ["0-1%2"], "nothing was submitted a second time");
    world.was_told("2 SLURM tasks of an earlier command are still there");
}

#[test]
fn cancelling_ends_the_jobs_and_whoever_looks_after_them() {
    let world = World::new(2, &|world, turn| {
        if turn == 3 {
            assert_eq!(cancel(&world.programs(), world.store()).unwrap(), 2);
        }
    });
    assert_eq!(world.run(2).unwrap(), Outcome::Cancelled);
    assert_eq!(fs::read_to_string(world.store().join("bin/tasks/1_1")).unwrap(), "CANCELLED|None\n");
    assert_eq!(cancel(&world.programs(), world.store()).unwrap(), 0, "there is nothing left to cancel");
    assert_eq!(
        world
            .run_again(&|world, turn| if turn == 3 {
                world.done()
            })
            .unwrap(),
        Outcome::Done
    );
    assert_eq!(world.arrays(), ["0-1%2", "0-1%2"]);
}

#[test]
fn where_nothing_was_submitted_there_is_nothing_to_cancel() {
    let world = World::new(1, &|_, _| {});
    assert_eq!(cancel(&world.programs(), &world.store().join("no/such/sweep")).unwrap(), 0);
    assert!(!world.store().join("no").exists());
}

#[test]
fn the_first_failure_cancels_everything_if_that_is_wanted() {
    let world = World::new(2, &|world, turn| {
        if turn == 3 {
            world.left.set(Left { ended: 1, failed: 1, ..world.left.get() });
        }
    });
    let executor = Executor { fail_fast: true, ..world.executor(None) };
    let outcome = executor.run(&mut &world, &world.interrupted, &mut |_| {}).unwrap();
    assert_eq!(outcome, Outcome::FailedFast);
    assert_eq!(fs::read_to_string(world.store().join("bin/tasks/1_0")).unwrap(), "CANCELLED|None\n");
}

#[test]
fn failures_of_an_earlier_command_are_no_first_failure() {
    let world = World::new(2, &|world, turn| match turn {
        1 => world.left.set(Left { ended: 1, failed: 1, ..world.left.get() }),
        4 => world.done(),
        _ => {}
    });
    let executor = Executor { fail_fast: true, ..world.executor(None) };
    assert_eq!(executor.run(&mut &world, &world.interrupted, &mut |_| {}).unwrap(), Outcome::Done);
}

#[test]
fn jobs_that_somebody_cancels_one_by_one_are_not_submitted_again() {
    let world = World::new(2, &|world, turn| match turn {
        3 => world.task("1_0", "CANCELLED|None"),
        4 => world.task("1_1", "CANCELLED|None"),
        _ => {}
    });
    assert_eq!(world.run(2).unwrap(), Outcome::Cancelled);
    assert_eq!(world.arrays(), ["0-1%2"]);
}

#[test]
fn a_single_task_that_is_cancelled_is_replaced() {
    let world = World::new(2, &|world, turn| match turn {
        3 => world.task("1_0", "CANCELLED|None"),
        7 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(2).unwrap(), Outcome::Done);
    assert_eq!(world.arrays(), ["0-1%2", "0-0%2"]);
}

#[test]
fn what_slurm_refuses_is_told_in_its_words() {
    let world = World::new(1, &|world, _| world.put("refuse", ""));
    let error = world.run(1).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("Invalid partition name specified"), "{error}");
    assert!(error.to_string().contains("keys of `executor.slurm`"), "{error}");
}

#[test]
fn a_refusal_beside_tasks_at_work_is_no_end() {
    let world = World::new(1, &|world, turn| match turn {
        3 => {
            world.left.set(Left { ready: 2, running: 1, ..Left::default() });
            world.put("refuse", "");
        }
        9 => world.done(),
        _ => {}
    });
    assert_eq!(world.run(3).unwrap(), Outcome::Done);
    world.was_told("SLURM takes no more jobs now");
    assert!(world.arrays().len() < 6, "it is not asked for ever: {:?}", world.arrays());
}

#[test]
fn a_machine_without_slurm_is_told_apart() {
    let world = World::new(1, &|_, _| {});
    let programs = Programs { scontrol: "no-scontrol-here".into(), ..world.programs() };
    let executor = Executor { programs, ..world.executor(None) };
    let error = executor.run(&mut &world, &world.interrupted, &mut |_| {}).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("--executor local"), "{error}");
}
