//! The sampler as its users see it: files, streams, spaces, threads, errors.

mod common;

use common::*;
use flowstill_model::{Activation, Architecture, Checkpoint, LayerSpec, Layout, Normalisation, OrderRule, Role};
use flowstill_sampler::{Method, Purpose, Sampler, SamplerError, Stream};

/// MAF and IAF with units enough for every arrangement of the kernel, and a mixed chain.
fn samplers() -> Vec<Sampler> {
    let architecture = Architecture {
        layers: 3,
        hidden: vec![40, 33],
        activation: Activation::Elu,
        order: OrderRule::Random,
        normalisation: Normalisation::ActNorm,
        log_scale_clip: 4.0,
        ..Architecture::default()
    };
    let specs = [architecture.spec(6, MAF, 1), architecture.spec(6, IAF, 1), flows(5).swap_remove(5).1];
    specs.into_iter().map(|spec| Sampler::from_checkpoint(checkpoint(spec)).unwrap()).collect()
}

fn methods() -> [Method; 3] {
    [Method::Naive, Method::Incremental, Method::Jacobi { tolerance: 1e-5 }]
}

#[test]
fn a_row_has_the_same_bits_in_any_batch_and_on_any_number_of_threads() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let pools = [pool(1), pool(2), pool(3)];
    let total = 300;
    for sampler in samplers() {
        let dim = sampler.dim();
        for method in methods() {
            let sampler = sampler.clone().with_method(method).unwrap();
            let whole = pools[0].install(|| sampler.sample_and_log_prob(3, 0, total).unwrap());
            let density = pools[0].install(|| sampler.log_prob(&whole.values).unwrap());
            for pool in &pools[1..] {
                let (again, density_again) = pool.install(|| {
                    (sampler.sample_and_log_prob(3, 0, total).unwrap(), sampler.log_prob(&whole.values).unwrap())
                });
                assert_eq!(again, whole, "{}", method.name());
                assert_eq!(density_again, density, "{}", method.name());
            }
            for rows in [1, 2, 7, 31, 32, 33, 100, 129] {
                for first in [0, 130, total - rows] {
                    let part = sampler.sample_and_log_prob(3, first as u64, rows).unwrap();
                    let range = first * dim..(first + rows) * dim;
                    assert_eq!(part.values, whole.values[range.clone()], "{}, rows {first}+{rows}", method.name());
                    assert_eq!(part.log_prob, whole.log_prob[first..first + rows], "{}", method.name());
                    assert_eq!(sampler.log_prob(&whole.values[range]).unwrap(), density[first..first + rows]);
                }
            }
        }
    }
}

#[test]
fn chunks_give_the_rows_of_one_call() {
    for sampler in samplers() {
        let whole = sampler.sample_data(9, 5, 100).unwrap();
        for chunk_rows in [1, 33, 100, 1000] {
            let chunks: Result<Vec<_>, _> = sampler.chunks(9, 5..105, chunk_rows).collect();
            assert_eq!(chunks.unwrap().concat(), whole);
        }
        assert_eq!(sampler.chunks(9, 5..5, 10).count(), 0);
        assert_eq!(sampler.chunks(9, 5..7, 0).count(), 2);
    }
}

#[test]
fn the_calls_agree_with_one_another() {
    for sampler in samplers() {
        let stream = Stream { seed: 4, purpose: Purpose::Evaluation };
        let drawn = sampler.sample_and_log_prob(stream, 7, 150).unwrap();
        assert_eq!(sampler.sample(stream, 7, 150).unwrap(), drawn.values);
        assert_ne!(sampler.sample(4, 7, 150).unwrap(), drawn.values, "another purpose");
        let mapped = sampler.forward_and_log_det(&stream.rows(7, 150, sampler.dim()).unwrap()).unwrap();
        assert_eq!(mapped.values, drawn.values);
        for (a, b) in sampler.log_prob(&drawn.values).unwrap().iter().zip(&drawn.log_prob) {
            assert_close(*a, *b, 1e-4, "own density");
        }

        let (x, log_prob) = sampler.sample_and_log_prob_data(stream, 7, 150).unwrap();
        assert_eq!(x, sampler.sample_data(stream, 7, 150).unwrap());
        assert_eq!(x, sampler.standardizer().restore(&drawn.values));
        let shift = sampler.standardizer().log_det();
        for (i, (a, b)) in sampler.log_prob_data(&x).unwrap().iter().zip(&log_prob).enumerate() {
            assert_close(*a, *b, 1e-4, "own density in data space");
            assert_close(*b + shift, drawn.log_prob[i], 1e-14, "log-det of the standardisation");
        }
    }
}

#[test]
fn a_file_is_all_that_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("student.safetensors");
    let model = Checkpoint { role: Role::Student, ..checkpoint(flows(3).swap_remove(5).1) };
    model.save(&path).unwrap();
    let sampler = Sampler::load(&path).unwrap();
    assert_eq!((sampler.dim(), sampler.role()), (3, Role::Student));
    assert_eq!((sampler.columns(), sampler.spec()), (&model.columns[..], &model.spec));
    assert_eq!((sampler.standardizer(), sampler.provenance()), (&model.standardizer, &model.provenance));
    assert_eq!(sampler.cost().parameters, Layout::plain_len(&model.spec));
    assert!(sampler.chain().forward_is_sequential() && sampler.chain().inverse_is_sequential());
    let direct = Sampler::from_checkpoint(model).unwrap();
    assert_eq!(sampler.sample_and_log_prob(1, 0, 10).unwrap(), direct.sample_and_log_prob(1, 0, 10).unwrap());

    let error = Sampler::load(folder.path().join("absent")).unwrap_err();
    assert!(matches!(error, SamplerError::Checkpoint(_)) && error.to_string().contains("absent"), "{error}");
}

#[test]
fn models_whose_parts_do_not_fit_are_errors() {
    let broken = |change: &dyn Fn(&mut Checkpoint)| {
        let mut model = checkpoint(flows(3).swap_remove(4).1);
        change(&mut model);
        Sampler::from_checkpoint(model).unwrap_err().to_string()
    };
    for (message, expected) in [
        (broken(&|m| m.spec.layers.clear()), "at least one layer"),
        (broken(&|m| m.theta.truncate(5)), "5 parameters"),
        (broken(&|m| m.theta[4] = f32::NAN), "`layers.0.weight_0` holds the value NaN"),
        (broken(&|m| m.columns.truncate(2)), "list of columns has 2 entries for 3 dimensions"),
        (broken(&|m| m.standardizer.sd[1] = 0.0), "column 1"),
        (broken(&|m| m.standardizer.mean.clear()), "list of means has 0 entries"),
        (broken(&|m| m.spec.layers[1] = LayerSpec::ActNorm { orientation: MAF }), "parameters"),
    ] {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn wrong_requests_are_errors_that_name_what_is_wrong() {
    for sampler in samplers() {
        let dim = sampler.dim();
        let message = |result: Result<Vec<f64>, SamplerError>| result.unwrap_err().to_string();
        assert!(message(sampler.log_prob(&vec![0.0; dim + 1])).contains(&format!("{} numbers", dim + 1)));
        let mut x = vec![0.0; 4 * dim];
        x[2 * dim + 1] = f64::NAN;
        assert!(message(sampler.log_prob_data(&x)).contains("NaN in row 2, column 1"));
        assert!(message(sampler.log_prob(&narrow(&x))).contains("NaN in row 2, column 1"));
        assert!(sampler.forward_and_log_det(&narrow(&x)).is_err() && sampler.inverse_and_log_det(&[0.0]).is_err());
        for tolerance in [-1.0, f64::NAN, f64::INFINITY] {
            let error = sampler.clone().with_method(Method::Jacobi { tolerance }).unwrap_err();
            assert!(error.to_string().contains("tolerance"), "{error}");
        }
        for (first_row, rows) in [(0, usize::MAX), (0, usize::MAX / 64), (u64::MAX, 1)] {
            let error = sampler.sample(0, first_row, rows).unwrap_err().to_string();
            assert!(error.contains("in chunks"), "{error}");
        }
    }
}

#[test]
fn no_rows_give_no_results_and_far_rows_no_nan() {
    for sampler in samplers() {
        assert!(sampler.sample(0, 0, 0).unwrap().is_empty() && sampler.log_prob(&[]).unwrap().is_empty());
        for far in [1e4, -1e4, 1e300, f64::NEG_INFINITY] {
            let log_prob = sampler.log_prob_data(&vec![far; sampler.dim()]).unwrap()[0];
            assert!(!log_prob.is_nan() && log_prob < -100.0, "{log_prob} at {far}");
        }
    }
}

#[test]
fn a_sampler_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync + Clone + 'static>() {}
    shareable::<Sampler>();
}
