//! `log-prob`: densities of given rows.

use super::desk::Desk;
use super::finished::finished;
use flowstill_data::read_table;

#[test]
fn rows_have_the_same_densities_from_any_format_to_any_format() {
    let desk = Desk::new();
    for model in ["teacher.safetensors", "student.safetensors"] {
        let model = finished().path(model);
        for file in ["rows.csv", "rows.npy"] {
            desk.ran(&format!("sample -n 400 -o {file}"), &[model.as_os_str()]).well();
        }
        let table = String::from_utf8(desk.read("rows.csv")).expect("text");
        let (_, without_header) = table.split_once('\n').expect("a header");
        desk.write("bare.csv", without_header);

        let densities = |file: &str, options: &str| {
            desk.ran(&format!("log-prob {options}"), &[model.as_os_str(), file.as_ref()]).well().out
        };
        let printed = densities("rows.csv", "");
        assert_eq!(printed.lines().next(), Some("log_prob"));
        let values: Vec<f64> = printed.lines().skip(1).map(|line| line.parse().expect("a number")).collect();
        assert_eq!(values.len(), 400);
        assert!(values.iter().all(|value| value.is_finite()));
        assert_eq!(densities("rows.npy", "-o -"), printed);
        assert_eq!(densities("bare.csv", "-o -"), printed, "a header is no row");

        assert_eq!(densities("rows.npy", "-o out.npy"), "");
        assert_eq!(densities("rows.npy", "-o out.csv"), "");
        assert_eq!(desk.read("out.csv"), printed.as_bytes());
        let array = read_table(desk.path("out.npy")).expect("an array");
        assert_eq!((array.dim, array.values), (1, values));
    }
}

#[test]
fn the_density_is_one_of_the_data_and_not_of_standardised_rows() {
    // two moons cover an area of roughly 20: a density per unit of it, integrated on a grid, is 1
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
        let out = desk.ran("log-prob", &[model.as_os_str(), "grid.csv".as_ref()]).well().out;
        let mass: f64 =
            out.lines().skip(1).map(|line| line.parse::<f64>().expect("a number").exp()).sum::<f64>() * cell * cell;
        assert!((mass - 1.0).abs() < 0.02, "the density of {} integrates to {mass}", model.display());
    }
}

#[test]
fn rows_that_do_not_fit_the_model_are_refused() {
    let desk = Desk::with("three.csv", "a,b,c\n1,2,3\n4,5,6\n");
    desk.write("nan.csv", "a,b\n1,2\nnan,4\n");
    let model = finished().path("teacher.safetensors");
    let of = |file: &str| desk.ran("log-prob", &[model.as_os_str(), file.as_ref()]);
    of("three.csv").fails(2).says(&["three.csv has 3 columns", "2 (x1, x2)"]);
    of("nan.csv").fails(2).says(&["nan.csv", "NaN", "line 3"]);
    of("absent.csv").fails(2).says(&["absent.csv", "no such file"]);
}
