//! `sample`: rows from a checkpoint.

use super::desk::Desk;
use super::finished::finished;
use flowstill_data::read_table;

/// Rows of a file, as numbers.
fn rows(desk: &Desk, name: &str) -> Vec<Vec<f64>> {
    let table = read_table(desk.path(name)).expect("a table");
    table.values.chunks(table.dim).map(<[f64]>::to_vec).collect()
}

fn sample(desk: &Desk, model: &str, options: &str) -> String {
    desk.ran(&format!("sample {options}"), &[finished().path(model).as_os_str()]).well().out
}

#[test]
fn an_array_a_table_and_standard_output_hold_the_same_rows() {
    for model in ["teacher.safetensors", "student.safetensors"] {
        let desk = Desk::new();
        sample(&desk, model, "-n 777 --seed 5 -o new/rows.npy");
        sample(&desk, model, "-n 777 --seed 5 -o rows.csv");
        let printed = sample(&desk, model, "-n 777 --seed 5 -o -");
        let from_array = rows(&desk, "new/rows.npy");
        assert_eq!((from_array.len(), from_array[0].len()), (777, 2));
        assert!(from_array.iter().flatten().all(|value| value.is_finite()));
        assert_eq!(from_array, rows(&desk, "rows.csv"));
        assert_eq!(printed.as_bytes(), desk.read("rows.csv"));
        assert_eq!(printed.lines().next(), Some("x1,x2"));
        assert_eq!(printed.lines().count(), 778);
    }
}

#[test]
fn a_row_depends_on_the_seed_and_its_place_alone() {
    let desk = Desk::new();
    let drawn = |options: &str| sample(&desk, "student.safetensors", &format!("{options} -o -"));
    // the longer draw spans several chunks
    let (short, long) = (drawn("-n 1000"), drawn("-n 150000"));
    assert!(long.starts_with(&short), "a longer draw begins with other rows");
    assert_eq!(long.lines().count(), 150_001);
    assert!(drawn("-n 1000 --seed 0") == short, "the default seed is 0");
    assert!(drawn("-n 1000 --seed 1") != short, "another seed gives the same rows");
    assert_eq!(drawn("-n 1").lines().nth(1), short.lines().nth(1));
}

#[test]
fn the_three_methods_of_a_teacher_agree() {
    let desk = Desk::new();
    for method in ["incremental", "naive", "jacobi"] {
        sample(&desk, "teacher.safetensors", &format!("-n 2000 --method {method} -o {method}.npy"));
    }
    let naive = rows(&desk, "naive.npy");
    for method in ["incremental", "jacobi"] {
        for (row, reference) in rows(&desk, &format!("{method}.npy")).iter().zip(&naive) {
            for (a, b) in row.iter().zip(reference) {
                assert!((a - b).abs() < 1e-3 * (1.0 + b.abs()), "{method}: {row:?}, naive: {reference:?}");
            }
        }
    }
}

#[test]
fn samples_of_the_teacher_look_like_its_data() {
    let desk = Desk::new();
    sample(&desk, "teacher.safetensors", "-n 5000 -o rows.npy");
    for column in 0..2 {
        let values: Vec<f64> = rows(&desk, "rows.npy").iter().map(|row| row[column]).collect();
        let mean = values.iter().sum::<f64>() / 5000.0;
        assert!(mean.abs() < 1.5, "column {column} has mean {mean}, two moons lie around the origin");
        assert!(values.iter().filter(|v| v.abs() < 6.0).count() > 4800, "column {column} has wild values");
    }
}
