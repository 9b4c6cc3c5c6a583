use super::*;
use tensorboard_rs::masked_crc32c::masked_crc32c;

/// Reads a file back by its framing: length, checksum, payload, checksum.
fn read(path: &Path) -> Vec<Event> {
    let bytes = std::fs::read(path).expect("event file");
    let mut events = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(12);
        let length = u64::from_le_bytes(head[..8].try_into().expect("8 bytes")) as usize;
        assert_eq!(head[8..], masked_crc32c(&head[..8]).to_le_bytes());
        let (payload, tail) = tail.split_at(length);
        let (checksum, tail) = tail.split_at(4);
        assert_eq!(checksum, masked_crc32c(payload).to_le_bytes());
        events.push(Event::parse_from_bytes(payload).expect("an event"));
        rest = tail;
    }
    events
}

#[test]
fn what_was_written_is_read_back() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut writer = EventWriter::create(folder.path().join("teacher")).expect("writer");
    writer.session_start(40).expect("session");
    writer.scalar("loss", 41, 1.5).expect("scalar");
    writer.scalar("loss", 42, f64::NAN).expect("scalar");
    writer.histogram("base/0", 42, &[-1.0, 0.0, 1.0, 2.0]).expect("histogram");
    writer.image_png("samples", 42, 3, 2, vec![1, 2, 3]).expect("image");
    writer.text("config", 0, "*seed* 1").expect("text");
    writer
        .hparams(&[("rate", 1e-3.into()), ("model", "maf".into()), ("ema", true.into())], &["loss"])
        .expect("hparams");
    writer.hparams_end(true).expect("hparams");
    writer.flush().expect("flush");

    let events = read(writer.path());
    assert_eq!(events[0].get_file_version(), "brain.Event:2");
    assert_eq!(events[1].get_session_log().get_status(), SessionLog_SessionStatus::START);
    assert_eq!(events[1].get_step(), 40);
    assert!(events.iter().all(|event| event.get_wall_time() > 1e9));
    let value = |i: usize| &events[i].get_summary().get_value()[0];
    assert_eq!((value(2).get_tag(), events[2].get_step(), value(2).get_simple_value()), ("loss", 41, 1.5));
    assert!(value(3).get_simple_value().is_nan());
    assert_eq!(value(4).get_histo().get_num(), 4.0);
    let image = value(5).get_image();
    assert_eq!((image.get_width(), image.get_height(), image.get_encoded_image_string()), (3, 2, &[1u8, 2, 3][..]));
    assert_eq!(value(6).get_tensor().get_string_val()[0], b"*seed* 1");
    assert_eq!(value(6).get_metadata().get_plugin_data().get_plugin_name(), "text");
    let tags: Vec<_> = (7..10).map(|i| value(i).get_tag()).collect();
    assert_eq!(tags, [hparams::EXPERIMENT, hparams::START, hparams::END]);
    assert_eq!(events.len(), 10);
}

#[test]
fn writers_of_one_folder_get_files_of_their_own_in_order() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let paths: Vec<_> = (0..12)
        .map(|step| {
            let mut writer = EventWriter::create(folder.path()).expect("writer");
            writer.scalar("loss", step, 0.0).expect("scalar");
            writer.flush().expect("flush");
            writer.path().to_owned()
        })
        .collect();
    assert!(paths.windows(2).all(|pair| pair[0] < pair[1]), "{paths:?}");
    assert!(paths.iter().all(|path| read(path).len() == 2));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("file"), "").expect("file");
    let message = EventWriter::create(folder.path().join("file")).map(drop).expect_err("no folder").to_string();
    assert!(message.contains("file"), "{message}");
}
