//! Pictures as data: from the files of MNIST to pixels again, through every command.

use super::desk::Desk;
use flowstill_data::read_pictures;
use serde_json::Value;

const SIDE: usize = 4;

/// A bright square that moves over a dark, noisy ground.
fn pixels(pictures: std::ops::Range<usize>) -> Vec<u8> {
    let picture = |i: usize| {
        (0..SIDE * SIDE).map(move |j| {
            let near = (j / SIDE).abs_diff(i % SIDE) + (j % SIDE).abs_diff(i / SIDE % SIDE) < 2;
            let noise = (i * 7919 + j * 104_729) % 40;
            (if near { 200 + noise } else { noise }) as u8
        })
    };
    pictures.flat_map(picture).collect()
}

fn idx(pictures: std::ops::Range<usize>) -> Vec<u8> {
    let words = [0x0803, pictures.len() as u32, SIDE as u32, SIDE as u32];
    words.iter().flat_map(|word: &u32| word.to_be_bytes()).chain(pixels(pictures)).collect()
}

fn npy(pictures: std::ops::Range<usize>) -> Vec<u8> {
    let dict = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}, {SIDE}, {SIDE}), }}\n", pictures.len());
    [b"\x93NUMPY\x01\x00", &(dict.len() as u16).to_le_bytes()[..], dict.as_bytes(), &pixels(pictures)].concat()
}

const REST: &str = "\
teacher: {layers: 2, hidden: [24], training: {steps: 150, batch: 64, rate: 3e-3, validate_every: 50}}
student: {training: {steps: 90, batch: 64, rate: 3e-3, validate_every: 30}}
evaluation: {samples: 300}
bench: none
";

/// With a small experiment on pictures, small.yaml.
pub fn desk() -> Desk {
    let desk = Desk::with("small.yaml", format!("seed: 3\nthreads: 1\ndata: {{mnist: digits}}\n{REST}"));
    desk.write("digits/train-images-idx3-ubyte", idx(0..300));
    desk.write("digits/t10k-images-idx3-ubyte", idx(300..350));
    desk
}

fn metrics(desk: &Desk, folder: &str) -> Value {
    serde_json::from_slice(&desk.read(&format!("{folder}/metrics.json"))).expect("JSON")
}

fn log_probs(text: &str) -> Vec<f64> {
    text.lines().skip(1).map(|line| line.parse().expect("a number")).collect()
}

#[test]
fn a_run_on_pictures_ends_in_bits_and_a_grid_and_its_models_speak_pixels() {
    let desk = desk();
    let ran = desk.flowstill("run small.yaml").well();
    assert!(ran.out.contains("bits per dimension    teacher"), "{}", ran.all());
    assert!(ran.err.contains("250 training rows, 50 validation, 50 test"), "{}", ran.all());
    let metrics = metrics(&desk, "runs/small");
    for model in ["teacher", "student"] {
        let bits = &metrics[model]["bits_per_dimension"];
        let (mean, error) =
            (bits["mean"].as_f64().expect("a mean"), bits["standard_error"].as_f64().expect("an error"));
        // the noise of the ground alone has log₂ 40 bits, a flat density 8
        assert!((5.0..9.0).contains(&mean) && error > 0.0 && error < 0.5, "{model}: {bits}");
    }
    let png = desk.read("runs/small/figures/pictures.png");
    assert!(png.starts_with(b"\x89PNG") && desk.exists("runs/small/figures/pictures.svg"));
    let report = String::from_utf8(desk.read("runs/small/report.html")).expect("text");
    for part in ["Bits per dimension", "Logit space", "data:image/png;base64,", "4 × 4"] {
        assert!(report.contains(part), "{part}");
    }

    for model in ["teacher", "student"] {
        let model = format!("runs/small/{model}.safetensors");
        let described = desk.flowstill(&format!("describe {model}")).well().out;
        assert!(described.contains("pictures of 4 × 4: pixels 0 to 255"), "{described}");
        desk.flowstill(&format!("sample {model} -n 500 -o drawn.npy --seed 5")).well();
        let drawn = read_pictures(desk.path("drawn.npy")).expect("an array");
        assert_eq!((drawn.rows(), drawn.dim), (500, 16));
        assert!(drawn.values.iter().all(|v| v.fract() == 0.0 && (0.0..256.0).contains(v)), "they are whole pixels");
        let ran = desk.flowstill(&format!("log-prob {model} drawn.npy")).well().says(&["bits per dimension", "nats"]);
        assert!(log_probs(&ran.out).iter().filter(|l| l.is_finite()).count() > 490);
    }

    // bits of the test pictures by another way: log-prob of the file that they came from
    desk.write("test.npy", npy(300..350));
    let of = |more: &str| {
        let command = format!("log-prob runs/small/teacher.safetensors test.npy {more}");
        log_probs(&desk.flowstill(&command).well().out)
    };
    let own = of("");
    assert!(own == of("--seed 0 --threads 2") && own != of("--seed 1"));
    let bits = -own.iter().sum::<f64>() / own.len() as f64 / (16.0 * 2f64.ln());
    let reported = metrics["teacher"]["bits_per_dimension"]["mean"].as_f64().expect("a mean");
    assert!((bits - reported).abs() < 0.2, "only the noise differs: {bits} against {reported}");

    desk.flowstill("sample runs/small/student.safetensors -n 50 -o exact.csv --exact sir").well();
    let exact = String::from_utf8(desk.read("exact.csv")).expect("text");
    let mut values = exact.lines().skip(1).flat_map(|line| line.split(','));
    assert!(values.all(|v| v.parse::<f64>().is_ok_and(|v| v.fract() == 0.0 && (0.0..256.0).contains(&v))));
}

#[test]
fn stages_and_the_resolved_configuration_lead_to_the_same_bits() {
    let desk = desk();
    desk.flowstill("run small.yaml").well();
    for command in ["train", "distill", "eval"] {
        desk.flowstill(&format!("{command} small.yaml --runs stages")).well();
    }
    let resolved = String::from_utf8(desk.read("runs/small/config.yaml")).expect("text");
    assert!(resolved.contains("mnist:") && resolved.contains("levels: 256"), "{resolved}");
    desk.write("again.yaml", &resolved);
    desk.flowstill("run again.yaml --runs again --quiet").well();
    for model in ["teacher", "student"] {
        let file = |folder: &str| desk.read(&format!("{folder}/small/{model}.safetensors"));
        assert!(file("runs") == file("stages") && file("runs") == file("again"), "{model}");
    }
}

#[test]
fn any_array_is_pictures_if_the_configuration_says_so_and_sweeps_compare_bits() {
    let desk = Desk::new();
    desk.write("images.npy", npy(0..300));
    let yaml = format!(
        "seed: 3\ndata: {{path: images.npy, pixels: {{alpha: 0.01}}}}\n{REST}sweep: {{grid: {{teacher.layers: [1, 2]}}}}\n"
    );
    desk.write("many.yaml", yaml);
    desk.flowstill("sweep many.yaml --jobs 1 --quiet").well();
    let table =
        desk.flowstill("results runs/many --each --columns teacher.layers,teacher_bits_per_dimension").well().out;
    assert!(table.contains("bits"), "{table}");
    assert!(
        std::fs::read_dir(desk.path("runs/many/cells"))
            .expect("cells")
            .flatten()
            .all(|cell| { cell.path().join("figures/pictures.png").exists() })
    );
}

#[test]
fn what_is_wrong_with_pictures_is_said_in_a_sentence() {
    let desk = desk();
    let check = |data: &str| {
        desk.write("wrong.yaml", format!("data: {data}\n"));
        desk.flowstill("check wrong.yaml").fails(2)
    };
    check("{mnist: nowhere}").says(&["wrong.yaml:1:15: data.mnist:", "nowhere: no such folder"]);
    desk.write("empty/readme.txt", "nothing");
    check("{mnist: empty}").says(&["holds neither train-images-idx3-ubyte and"]);
    desk.write("half/t10k-images-idx3-ubyte", idx(0..20));
    check("{mnist: half}").says(&["train-images-idx3-ubyte is missing there"]);
    desk.write("half/train-images-idx3-ubyte", &idx(0..60)[..500]);
    check("{mnist: half}").says(&["train-images-idx3-ubyte: ends too early with 30 of the 60 pictures"]);
    check("{mnist: digits, path: a.csv}").says(&["exactly one of", "got `path` and `mnist`"]);
    check("{mnist: digits, split: [0.8, 0.1, 0.1]}").says(&["data.split: means nothing beside `mnist`"]);
    check("{mnist: digits, pixels: {levels: 1, alpha: 0.5, shape: [4]}}").says(&[
        "data.pixels.levels: expected a whole number from 2 to 65536, got 1",
        "data.pixels.alpha: expected a number from 1e-9 to 0.4, got 0.5",
        "data.pixels.shape: expected the rows and columns of a picture",
    ]);
    check("{mnist: digits, pixels: {shape: [4, 5]}}")
        .says(&["4 × 5, but have 16 pixels; correct the section `pixels`"]);
    check("{mnist: digits, pixels: {levels: 16}}").says(&["expected pixels, whole numbers from 0 to 15"]);
    check("{synthetic: two_moons, pixels: {}}").says(&["data.pixels: means nothing beside `synthetic`"]);
    check("{mnist: digits, pixel: {}}").says(&["did you mean `pixels`?"]);

    desk.flowstill("train small.yaml --quiet").well();
    let model = "runs/small/teacher.safetensors";
    let fraction: String = (0..3).map(|_| "0.5,".repeat(15) + "0\n").collect();
    desk.write("half.csv", fraction);
    let ran = desk.flowstill(&format!("log-prob {model} half.csv")).fails(2);
    ran.says(&["half.csv has the value 0.5 in row 0", "whole numbers from 0 to 255"]);
}
