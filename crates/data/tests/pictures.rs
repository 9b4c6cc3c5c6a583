//! Folders and arrays of pictures: the two sets of files lead to the same data, and what is wrong with them is said.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use flowstill_data::{Dataset, Source, load};
use flowstill_model::Pixels;

const HEIGHT: usize = 3;
const WIDTH: usize = 4;
const DIM: usize = HEIGHT * WIDTH;

fn pixels(pictures: std::ops::Range<usize>) -> Vec<u8> {
    pictures.flat_map(|i| (0..DIM).map(move |j| ((i * 131 + j * j * 29) % 256) as u8)).collect()
}

fn idx(words: [u32; 4], bytes: &[u8]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).chain(bytes.iter().copied()).collect()
}

fn pictures(range: std::ops::Range<usize>) -> Vec<u8> {
    idx([0x0803, range.len() as u32, HEIGHT as u32, WIDTH as u32], &pixels(range))
}

fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (dict.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], dict.as_bytes(), bytes].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn mnist(folder: &Path) -> Source {
    Source::Mnist { folder: folder.to_path_buf(), pixels: Pixels::default(), seed: 7 }
}

fn originals() -> tempfile::TempDir {
    folder(&[("train-images-idx3-ubyte", pictures(0..60)), ("t10k-images-idx3-ubyte.gz", gzip(&pictures(60..70)))])
}

fn sizes(data: &Dataset) -> [usize; 3] {
    [&data.train, &data.validation, &data.test].map(|rows| rows.len())
}

#[test]
fn the_original_files_and_arrays_of_them_are_the_same_data() {
    let originals = originals();
    let first = load(&mnist(originals.path())).unwrap();
    assert_eq!((sizes(&first), first.dim()), ([50, 10, 10], DIM));
    assert_eq!(first.pixels, Some(Pixels { shape: Some([HEIGHT, WIDTH]), ..Pixels::default() }));
    let whole: Vec<u8> = first.restore(&first.validation.values).iter().map(|v| v.floor() as u8).collect();
    assert_eq!(whole, pixels(50..60), "the last sixth, in its order");

    let shape = |count: usize| format!("({count}, {HEIGHT}, {WIDTH})");
    let arrays = folder(&[
        ("train_images.npy.gz", gzip(&npy("|u1", &shape(50), &pixels(0..50)))),
        ("val_images.npy", npy("|u1", &shape(10), &pixels(50..60))),
        ("test_images.npy", npy("|u1", &shape(10), &pixels(60..70))),
    ]);
    let second = load(&mnist(arrays.path())).unwrap();
    assert_eq!((&second.train, &second.test, &second.hash), (&first.train, &first.test, &first.hash));

    // an array of pictures is what it is in any file
    let path = arrays.path().join("train_images.npy.gz");
    let source = Source::File { path: path.clone(), split: [0.8, 0.1, 0.1], pixels: Some(Pixels::default()), seed: 1 };
    let third = load(&source).unwrap();
    assert_eq!((sizes(&third), &third.pixels), ([40, 5, 5], &first.pixels));
    let plain = Source::File { path, split: [0.8, 0.1, 0.1], pixels: None, seed: 1 };
    assert!(load(&plain).unwrap_err().to_string().contains("shape [50, 3, 4]"));
}

#[test]
fn a_square_is_recognised_in_flat_rows() {
    let flat: Vec<u8> = (0..40 * 9).map(|i| (i * 7 % 256) as u8).collect();
    let arrays = folder(&[
        ("train_images.npy", npy("|u1", "(40, 9)", &flat)),
        ("val_images.npy", npy("|u1", "(4, 9)", &flat[..36])),
        ("test_images.npy", npy("|u1", "(4, 9)", &flat[..36])),
    ]);
    assert_eq!(load(&mnist(arrays.path())).unwrap().pixels.unwrap().shape, Some([3, 3]));
}

#[test]
fn what_is_wrong_with_a_folder_is_said() {
    let message = |files: &[(&str, Vec<u8>)]| {
        let text = load(&mnist(folder(files).path())).unwrap_err().to_string();
        assert!(!text.contains('\n'), "{text}");
        text
    };
    let train = || ("train-images-idx3-ubyte", pictures(0..60));
    let test = |bytes: Vec<u8>| ("t10k-images-idx3-ubyte", bytes);
    let of = |bytes: Vec<u8>| message(&[train(), test(bytes)]);
    assert!(message(&[]).contains("holds neither train-images-idx3-ubyte"));
    assert!(message(&[train()]).contains("t10k-images-idx3-ubyte is missing there, also with .gz"));
    assert!(message(&[("val_images.npy", vec![])]).contains("train_images.npy and test_images.npy is missing"));
    assert!(of(pictures(60..70)[..100].to_vec()).contains("7 of the 10 pictures"));
    assert!(of(idx([0x0801, 10, 3, 4], &[0; 120])).contains("0x00000801, which are labels"));
    let square = of(idx([0x0803, 10, 4, 4], &[0; 160]));
    assert!(square.contains("t10k-images-idx3-ubyte: pictures of 4 × 4, but") && square.contains("has 3 × 4"));

    let arrays = |descr: &str, shape: &str, bytes: &[u8]| {
        message(&[
            ("train_images.npy", npy("|u1", "(50, 12)", &pixels(0..50))),
            ("val_images.npy", npy("|u1", "(10, 12)", &pixels(50..60))),
            ("test_images.npy", npy(descr, shape, bytes)),
        ])
    };
    assert!(arrays("<f4", "(10, 12)", &[0; 480]).contains("of type <f4; expected uint8"));
    assert!(arrays("|u1", "(10, 11)", &[0; 110]).contains("pictures of 11 pixels in a row, but"));
    assert!(arrays("|u1", "(10, 12)", &[0; 99]).contains("99 of the 120 values"));
    assert!(arrays("|u1", "(10, 3, 4, 1)", &[0; 120]).contains("shape [10, 3, 4, 1]"));

    let absent = load(&mnist(Path::new("/no/such"))).unwrap_err().to_string();
    assert_eq!(absent, "/no/such: no such folder; name the folder that holds the pictures");
}
