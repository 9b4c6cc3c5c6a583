//! TensorBoard event files.
//!
//! The record framing is `tensorboard-rs`' [`RecordWriter`], the messages are `tensorboard-proto`'s. The writer around
//! them is ours, because a run must never lose or truncate a log silently: files are created anew and sort after every
//! earlier one, writes are buffered and flushed on request, and each error is a value.

mod event_file;
mod histogram;
mod hparams;

pub use hparams::Hparam;

use protobuf::Message;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tensorboard_proto::event::{Event, SessionLog, SessionLog_SessionStatus};
use tensorboard_proto::summary::{Summary, Summary_Image, Summary_Value, SummaryMetadata, SummaryMetadata_PluginData};
use tensorboard_proto::tensor::TensorProto;
use tensorboard_proto::tensor_shape::TensorShapeProto;
use tensorboard_proto::types::DataType;
use tensorboard_rs::record_writer::RecordWriter;

/// RGB in `Summary.Image`'s numbering of colour spaces.
const COLOURSPACE_RGB: i32 = 3;

/// One event file of one run; a run's folder may hold several, one for each time it was resumed.
pub struct EventWriter {
    records: RecordWriter<BufWriter<File>>,
    path: PathBuf,
}

impl EventWriter {
    /// Creates `folder` where needed and a new event file in it, never touching one that is there already.
    pub fn create(folder: impl AsRef<Path>) -> io::Result<Self> {
        let (file, path) = event_file::create(folder.as_ref())?;
        let mut writer = Self { records: RecordWriter::new(BufWriter::new(file)), path };
        let mut event = Event::new();
        event.set_file_version("brain.Event:2".into());
        writer.write(event, 0)?;
        Ok(writer)
    }

    /// The file that this writer fills.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says that training goes on from `step`: readers drop what an interrupted run had logged from there on.
    pub fn session_start(&mut self, step: u64) -> io::Result<()> {
        let mut log = SessionLog::new();
        log.set_status(SessionLog_SessionStatus::START);
        let mut event = Event::new();
        event.set_session_log(log);
        self.write(event, step)
    }

    /// One point of a curve; NaN and infinities are kept, TensorBoard shows them as such.
    pub fn scalar(&mut self, tag: &str, step: u64, value: f64) -> io::Result<()> {
        let mut entry = tagged(tag);
        // TensorBoard's scalars are single precision
        entry.set_simple_value(value as f32);
        self.summary(entry, step)
    }

    /// The distribution of the finite ones among `values`, in TensorBoard's exponential buckets.
    pub fn histogram(&mut self, tag: &str, step: u64, values: &[f32]) -> io::Result<()> {
        let Some(message) = histogram::message(values) else { return Ok(()) };
        let mut entry = tagged(tag);
        entry.set_histo(message);
        self.summary(entry, step)
    }

    /// A picture that is already encoded as PNG.
    pub fn image_png(&mut self, tag: &str, step: u64, width: u32, height: u32, png: Vec<u8>) -> io::Result<()> {
        let mut image = Summary_Image::new();
        image.set_width(width as i32);
        image.set_height(height as i32);
        image.set_colorspace(COLOURSPACE_RGB);
        image.set_encoded_image_string(png);
        let mut entry = tagged(tag);
        entry.set_image(image);
        self.summary(entry, step)
    }

    /// A text in Markdown, such as the configuration or the architecture in words.
    pub fn text(&mut self, tag: &str, step: u64, markdown: &str) -> io::Result<()> {
        let mut tensor = tensor(DataType::DT_STRING);
        tensor.mut_string_val().push(markdown.as_bytes().to_vec());
        let mut entry = tagged(tag);
        entry.set_metadata(plugin("text", Vec::new()));
        entry.set_tensor(tensor);
        self.summary(entry, step)
    }

    /// What this run was set to, and the tags of the scalars by which TensorBoard's table of runs compares it.
    pub fn hparams(&mut self, settings: &[(&str, Hparam)], metrics: &[&str]) -> io::Result<()> {
        self.hparams_entry(hparams::EXPERIMENT, hparams::experiment(settings, metrics))?;
        self.hparams_entry(hparams::START, hparams::start(settings, wall_time()))
    }

    /// Closes what [`EventWriter::hparams`] opened: the table of runs then shows how the run ended.
    pub fn hparams_end(&mut self, succeeded: bool) -> io::Result<()> {
        self.hparams_entry(hparams::END, hparams::end(succeeded, wall_time()))
    }

    /// Hands everything written so far to the operating system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.records.flush()
    }

    fn hparams_entry(&mut self, tag: &str, data: impl Message) -> io::Result<()> {
        let mut entry = tagged(tag);
        entry.set_metadata(plugin("hparams", data.write_to_bytes()?));
        // the plugin reads the metadata only, yet readers drop a value without a tensor
        let mut empty = tensor(DataType::DT_FLOAT);
        empty.mut_float_val().push(0.0);
        entry.set_tensor(empty);
        self.summary(entry, 0)
    }

    fn summary(&mut self, entry: Summary_Value, step: u64) -> io::Result<()> {
        let mut summary = Summary::new();
        summary.mut_value().push(entry);
        let mut event = Event::new();
        event.set_summary(summary);
        self.write(event, step)
    }

    fn write(&mut self, mut event: Event, step: u64) -> io::Result<()> {
        event.set_step(i64::try_from(step).unwrap_or(i64::MAX));
        event.set_wall_time(wall_time());
        self.records.write(&event.write_to_bytes()?)
    }
}

/// Seconds since 1970, which is how TensorBoard dates events; 0 for a clock set before that.
fn wall_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

fn tagged(tag: &str) -> Summary_Value {
    let mut entry = Summary_Value::new();
    entry.set_tag(tag.into());
    entry
}

fn plugin(name: &str, content: Vec<u8>) -> SummaryMetadata {
    let mut data = SummaryMetadata_PluginData::new();
    data.set_plugin_name(name.into());
    data.set_content(content);
    let mut metadata = SummaryMetadata::new();
    metadata.set_plugin_data(data);
    metadata
}

/// A tensor without dimensions, which TensorBoard shows as a text of its own rather than as a table.
fn tensor(kind: DataType) -> TensorProto {
    let mut tensor = TensorProto::new();
    tensor.set_dtype(kind);
    tensor.set_tensor_shape(TensorShapeProto::new());
    tensor
}

#[cfg(test)]
mod tests;
