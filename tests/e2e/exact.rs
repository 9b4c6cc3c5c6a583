//! `sample --exact` and `--temperature`: rows of the teacher from its student, and flows over another base.

use super::desk::{Desk, Ran};
use super::experiment::{TWO_MOONS, changed};
use super::finished::finished;
use flowstill_data::read_table;

const CORRECTIONS: [&str; 3] = ["imh", "sir", "rejection --temperature 1.3"];

fn sample(desk: &Desk, options: &str) -> Ran {
    desk.ran(&format!("sample {options}"), &[finished().path("student.safetensors").as_os_str()])
}

/// The two columns of a file.
fn columns(desk: &Desk, name: &str) -> [Vec<f64>; 2] {
    let table = read_table(desk.path(name)).expect("a table");
    assert_eq!(table.dim, 2);
    [0, 1].map(|column| table.values.iter().skip(column).step_by(2).copied().collect())
}

/// Largest difference between two empirical distributions.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let mut all: Vec<(f64, f64)> = a.iter().map(|&x| (x, 1.0 / a.len() as f64)).collect();
    all.extend(b.iter().map(|&x| (x, -1.0 / b.len() as f64)));
    all.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let mut sum = 0.0;
    let mut largest = 0.0f64;
    for (i, &(x, step)) in all.iter().enumerate() {
        sum += step;
        // copies of one value step together
        if all.get(i + 1).is_none_or(|&(next, _)| next > x) {
            largest = largest.max(sum.abs());
        }
    }
    largest
}

#[test]
fn corrected_rows_are_the_teachers_and_the_students_own_are_not() {
    let desk = Desk::new();
    let teacher = finished().path("teacher.safetensors");
    desk.ran("sample -n 40000 --seed 9 -o teacher.npy", &[teacher.as_os_str()]).well();
    // a student this cold is far off, and at this temperature no good proposal either
    sample(&desk, "-n 20000 --temperature 0.8 -o student.npy").well();
    let truth = columns(&desk, "teacher.npy");
    let largest = |name: &str| {
        let found = columns(&desk, name);
        distance(&found[0], &truth[0]).max(distance(&found[1], &truth[1]))
    };
    let wrong = largest("student.npy");
    for correction in CORRECTIONS {
        let said = sample(&desk, &format!("-n 20000 -o rows.npy --exact {correction}")).well().err;
        let (_, effective) =
            said.lines().next().and_then(|line| line.rsplit_once("count as ")).expect("a closing line");
        let effective: f64 = effective.parse().expect("a number");
        assert!(effective > 100.0 && effective <= 20_000.0, "{said}");
        // both samples vary: once in a thousand times beyond 1.95·√(1/m + 1/n)
        let limit = 1.95 * (1.0 / effective + 1.0 / 40_000.0).sqrt();
        let right = largest("rows.npy");
        assert!(right < limit, "{correction}: {right} above {limit}, {said}");
        assert!(wrong > limit, "{correction}: the student alone would pass: {wrong} below {limit}");
    }
}

#[test]
fn corrected_rows_do_not_depend_on_threads_or_format_and_the_teacher_beside_is_found() {
    let desk = Desk::new();
    let teacher = finished().path("teacher.safetensors");
    for correction in CORRECTIONS {
        let printed =
            |options: &str| sample(&desk, &format!("-n 3000 -q -o - --exact {correction} {options}")).well().out;
        let one = printed("--threads 1");
        assert_eq!((one.lines().next(), one.lines().count()), (Some("x1,x2"), 3001), "{correction}");
        assert!(printed("--threads 2") == one, "{correction}");
        assert!(printed(&format!("--teacher {}", teacher.display())) == one, "{correction}");
        assert!(printed("--seed 1") != one, "{correction}");
        sample(&desk, &format!("-n 3000 -q -o rows.csv --exact {correction}")).well();
        assert_eq!(desk.read("rows.csv"), one.as_bytes(), "{correction}");
    }
}

#[test]
fn the_closing_line_tells_how_much_the_rows_are_worth() {
    let desk = Desk::new();
    sample(&desk, "-n 500 --exact imh --burn-in 7 -o a.csv")
        .well()
        .says(&["imh: 64 chains, 7 steps of burn-in", "% of proposals accepted; 500 rows from 960 proposals count as"]);
    sample(&desk, "-n 500 --exact sir --pool 5 -o a.csv")
        .well()
        .says(&["sir: weights worth", "distinct rows; 500 rows from 2500 proposals"]);
    sample(&desk, "-n 500 --exact rejection --temperature 1.3 -o a.csv").well().says(&[
        "rejection:",
        "estimated log-bound",
        "500 rows from",
        "count as 500",
    ]);
    let poor = sample(&desk, "-n 500 -q --exact imh --temperature 0.05 -o a.csv").well();
    assert!(poor.err.starts_with("warning: the mean weight of the proposals is"), "{}", poor.all());
}

#[test]
fn what_cannot_be_corrected_is_refused_in_one_sentence() {
    let desk = Desk::new();
    let (student, teacher) = (finished().read("student.safetensors"), finished().path("teacher.safetensors"));
    desk.write("alone/student.safetensors", &student);
    desk.flowstill("sample --exact imh alone/student.safetensors -n 3 -o rows.csv")
        .fails(2)
        .says(&["alone/teacher.safetensors is missing", "--teacher"]);
    desk.write("other.yaml", changed(TWO_MOONS, "seed: 3", "seed: 4"));
    desk.flowstill("train other.yaml -q").well();
    for (options, expected) in [
        ("--exact imh --teacher absent.safetensors", &["absent.safetensors"][..]),
        (
            "--exact imh --teacher alone/student.safetensors",
            &["alone/student.safetensors holds a student", "a teacher"],
        ),
        (
            "--exact sir --teacher runs/other/teacher.safetensors",
            &["student.safetensors and runs/other/teacher.safetensors", "standardised differently: column 0"],
        ),
        ("--exact imh --pool 3", &["--pool belongs to --exact sir"]),
        ("--exact sir --log-bound 3", &["--log-bound belongs to --exact rejection"]),
        ("--exact rejection --burn-in 3", &["--burn-in belongs to --exact imh"]),
        ("--exact rejection --log-bound -20", &["above the given log-bound -20"]),
        ("--exact rejection --log-bound 30", &["of the proposals", "hopeless"]),
        ("--exact rejection --log-bound nan", &["finite number, got NaN"]),
        ("--exact magic", &["imh", "sir", "rejection"]),
        ("--exact imh --burn-in 0", &["from 1 to"]),
        ("--exact sir --pool 0", &["from 1 to"]),
        ("--teacher t.safetensors", &["--exact"]),
        ("--temperature 0", &["the temperature must be a number from 0.001 to 1000, got 0"]),
        ("--temperature -1", &["got -1"]),
        ("--temperature nan", &["got NaN"]),
        ("--temperature inf", &["got inf"]),
        ("--temperature warm", &["warm"]),
    ] {
        sample(&desk, &format!("-n 3 -o rows.csv {options}")).fails(2).says(expected);
    }
    desk.ran("sample --exact imh -n 3 -o rows.csv", &[teacher.as_os_str()])
        .fails(2)
        .says(&["teacher.safetensors holds a teacher; expected a student"]);
    assert!(!desk.exists("rows.csv"));
}

#[test]
fn a_temperature_has_the_density_of_its_own_rows() {
    let desk = Desk::new();
    let cell = 0.05;
    let mut grid = String::from("x,y\n");
    for i in -160..160 {
        for j in -160..160 {
            grid += &format!("{},{}\n", f64::from(i) * cell, f64::from(j) * cell);
        }
    }
    desk.write("grid.csv", grid);
    for model in ["teacher.safetensors", "student.safetensors"] {
        let model = finished().path(model);
        let on = |command: &str, more: &str| {
            let mut arguments = vec![model.as_os_str()];
            arguments.extend(more.split_whitespace().map(AsRef::<std::ffi::OsStr>::as_ref));
            desk.ran(command, &arguments).well().out
        };
        let densities = on("log-prob --temperature 0.7", "grid.csv");
        let mass: f64 = densities.lines().skip(1).map(|line| line.parse::<f64>().expect("a number").exp()).sum::<f64>()
            * cell
            * cell;
        assert!((mass - 1.0).abs() < 0.02, "{mass}");
        // at 1 nothing changes, and colder rows gather
        assert!(on("sample -n 100 -o -", "") == on("sample -n 100 --temperature 1 -o -", ""));
        let spread = |temperature: &str| {
            on("sample -n 4000 -o rows.npy", &format!("--temperature {temperature}"));
            on(&format!("log-prob --temperature {temperature}"), "rows.npy")
                .lines()
                .skip(1)
                .map(|line| line.parse::<f64>().expect("a number"))
                .sum::<f64>()
                / 4000.0
        };
        assert!(spread("0.7") > spread("1") && spread("1") > spread("1.3"));
        desk.ran("log-prob --temperature 0", &[model.as_os_str(), "grid.csv".as_ref()]).fails(2).says(&["temperature"]);
    }
}

#[test]
fn the_speed_comparison_counts_effective_samples() {
    let (teacher, student) = (finished().path("teacher.safetensors"), finished().path("student.safetensors"));
    let bench = |options: &str| {
        let models = ["--teacher".as_ref(), teacher.as_os_str(), "--student".as_ref(), student.as_os_str()];
        Desk::new().ran(&format!("bench --batches 1,2000 --repetitions 1 {options}"), &models).well().out
    };
    let table = bench("");
    for part in ["samples of the teacher, batch 2000", "student imh", "time per effective sample", "cheapest source"] {
        assert!(table.contains(part), "`{part}` is missing in\n{table}");
    }
    let rows: Vec<serde_json::Value> =
        bench("--json").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let imh: Vec<_> = rows.iter().filter(|row| row["op"] == "student_imh").collect();
    assert_eq!((imh.len(), imh[0]["batch"].as_u64()), (1, Some(2000)));
    let effective = &imh[0]["effective"];
    for key in ["seconds_per_sample", "share", "efficiency", "acceptance"] {
        assert!(effective[key].as_f64() > Some(0.0), "{key} in {}", imh[0]);
    }
    assert!(rows.iter().filter(|row| row["op"] == "student").all(|row| row.get("effective").is_none()));
}
