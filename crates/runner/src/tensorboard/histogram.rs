//! Histograms in the buckets that TensorBoard expects: limits grow by a tenth from `1e-12`, mirrored below zero.

use std::collections::BTreeMap;
use tensorboard_proto::summary::HistogramProto;

const SMALLEST: f64 = 1e-12;
const GROWTH: f64 = 1.1;

/// Counts of the finite values; none when there is no finite value.
pub fn message(values: &[f32]) -> Option<HistogramProto> {
    let finite = || values.iter().map(|&value| f64::from(value)).filter(|value| value.is_finite());
    let mut counts = BTreeMap::<i32, f64>::new();
    for value in finite() {
        *counts.entry(bucket(value)).or_default() += 1.0;
    }
    if counts.is_empty() {
        return None;
    }
    let mut message = HistogramProto::new();
    message.set_min(finite().fold(f64::INFINITY, f64::min));
    message.set_max(finite().fold(f64::NEG_INFINITY, f64::max));
    message.set_num(finite().count() as f64);
    message.set_sum(finite().sum());
    message.set_sum_squares(finite().map(|value| value * value).sum());
    let mut previous: Option<i32> = None;
    for (index, count) in counts {
        // a bucket starts where the one before it ends, so a gap needs an empty bucket to end it
        if previous.is_some_and(|previous| previous + 1 < index) {
            message.mut_bucket_limit().push(limit(index - 1));
            message.mut_bucket().push(0.0);
        }
        message.mut_bucket_limit().push(limit(index));
        message.mut_bucket().push(count);
        previous = Some(index);
    }
    Some(message)
}

/// The bucket of a value: 0 around zero, then one for each factor of [`GROWTH`], negative ones for negative values.
fn bucket(value: f64) -> i32 {
    if value.abs() <= SMALLEST {
        return 0;
    }
    let rank = ((value.abs() / SMALLEST).ln() / GROWTH.ln()).ceil().max(1.0) as i32;
    if value < 0.0 { -rank } else { rank }
}

/// Upper limit of a bucket.
fn limit(index: i32) -> f64 {
    if index < 0 { -SMALLEST * GROWTH.powi(-index - 1) } else { SMALLEST * GROWTH.powi(index) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_none_is_lost() {
        let values: Vec<f32> = (-300..300).map(|i| (i as f32 * 0.37).sin() * 1.5f32.powi(i % 40)).collect();
        for &value in &values {
            let (index, value) = (bucket(f64::from(value)), f64::from(value));
            // one part in 10⁹ for the logarithm's rounding at a limit
            let slack = 1e-9 * value.abs();
            assert!(value <= limit(index) + slack && value >= limit(index - 1) - slack, "{value} in {index}");
        }
        let message = message(&values).expect("finite values");
        assert_eq!(message.get_bucket().iter().sum::<f64>(), values.len() as f64);
        assert_eq!(message.get_bucket().len(), message.get_bucket_limit().len());
        assert!(message.get_bucket_limit().windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn values_that_are_not_finite_are_left_out() {
        assert!(message(&[f32::NAN, f32::INFINITY]).is_none());
        let message = message(&[f32::NAN, 2.0, 2.0]).expect("one finite value");
        assert_eq!((message.get_num(), message.get_min(), message.get_max()), (2.0, 2.0, 2.0));
    }
}
