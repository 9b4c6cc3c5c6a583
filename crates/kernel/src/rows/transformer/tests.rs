//! What is particular to these maps; the laws of all maps are in the table.

use super::*;
use crate::rows::laws::noise;
use crate::univariate::RationalQuadratic;

const DIM: usize = 6;

fn spline() -> Univariate {
    Univariate::RationalQuadratic(RationalQuadratic { bins: 4, bound: 3.0 })
}

fn transformer(identity: Option<usize>, map: Univariate) -> Transformer {
    Transformer {
        direction: Direction::Inverse,
        order: vec![3, 0, 5, 1, 4, 2],
        identity,
        blocks: 2,
        width: 12,
        heads: 3,
        map,
    }
}

fn both() -> [Transformer; 4] {
    [(None, affine()), (None, spline()), (Some(2), affine()), (Some(4), spline())]
        .map(|(identity, map)| transformer(identity, map))
}

fn theta(map: &Transformer) -> Vec<f64> {
    noise(1, RowMap::<f64>::parameters(map), 0.4)
}

/// The parameters of each coordinate's map, by position.
fn parameters(map: &Transformer, theta: &[f64], u: &[f64]) -> Vec<Vec<f64>> {
    let network = Network::new(map);
    let mut forward = Forward::new(map, &network);
    forward.begin(1);
    forward.run(theta, &network.pack(theta), u, 0..DIM);
    let of = |position: usize| {
        let mut p = vec![f64::NAN; map.map.parameters()];
        forward.parameters(position, 0, &mut p);
        p
    };
    map.mapped().map(of).collect()
}

#[test]
fn parameters_read_what_they_may_and_all_of_it() {
    for map in both() {
        let (theta, u) = (theta(&map), noise(2, DIM, 1.0));
        let before = parameters(&map, &theta, &u);
        for (place, &coordinate) in map.order.iter().enumerate() {
            let mut moved = u.clone();
            moved[coordinate] += 0.7;
            let after = parameters(&map, &theta, &moved);
            for (position, (before, after)) in map.mapped().zip(before.iter().zip(&after)) {
                let read = place < map.identity.unwrap_or(position);
                // exactly, and not next to it
                assert_eq!(before != after, read, "{:?}: {place} on {position}", map.identity);
            }
        }
    }
}

#[test]
fn nothing_of_a_transformed_coordinate_of_a_coupling_reaches_a_token() {
    let map = transformer(Some(2), affine());
    let (theta, u) = (theta(&map), noise(2, DIM, 1.0));
    let mut hidden = u.clone();
    map.order[2..].iter().for_each(|&coordinate| hidden[coordinate] = f64::NAN);
    assert_eq!(parameters(&map, &theta, &hidden), parameters(&map, &theta, &u));
}

#[test]
fn coordinates_of_the_identity_part_stay_and_take_no_part_in_the_log_det() {
    let map = transformer(Some(2), affine());
    let (theta, u) = (theta(&map), noise(2, DIM, 1.0));
    let mut y = vec![f64::NAN; DIM];
    let log_det = map.map(&theta, &u, &mut y);
    let stays: Vec<usize> = (0..DIM).filter(|&i| y[i] == u[i]).collect();
    assert_eq!(stays, [0, 3]);
    let sum: f64 = parameters(&map, &theta, &u).iter().map(|p| p[1] / (1.0 + p[1].abs() / 5.0)).sum();
    // the direction is inverse: z = (x − μ)·e^{−α}
    assert!((log_det + sum).abs() < 1e-12, "{log_det} {sum}");
}

#[test]
fn the_cached_solution_is_that_of_whole_passes() {
    for map in both() {
        let rows = 21;
        let (theta, y) = (theta(&map), noise(3, rows * DIM, 1.5));
        let mut cached = vec![f64::NAN; y.len()];
        map.solve_rows(&theta, &y, &mut cached);
        let mut naive = y.clone();
        for _ in 0..DIM {
            for (naive, y) in naive.chunks_exact_mut(DIM).zip(y.chunks_exact(DIM)) {
                let p = parameters(&map, &theta, naive);
                for (position, p) in map.mapped().zip(p) {
                    let coordinate = map.order[position];
                    naive[coordinate] = map.map.apply(map.direction.opposite(), &p, y[coordinate]).0;
                }
            }
        }
        for (cached, naive) in cached.iter().zip(&naive) {
            assert!((cached - naive).abs() < 1e-12 * (1.0 + naive.abs()), "{:?}: {cached} {naive}", map.identity);
        }
    }
}

#[test]
fn a_row_has_the_same_bits_alone_and_among_others() {
    for map in both() {
        // more than a pass and a solution take at a time
        let rows = 150;
        let theta: Vec<f32> = theta(&map).iter().map(|&t| t as f32).collect();
        let [u, g] = [4, 5].map(|seed| noise(seed, rows * DIM, 1.2).iter().map(|&v| v as f32).collect::<Vec<f32>>());
        let run = |u: &[f32], g: &[f32]| {
            let count = u.len() / DIM;
            let [mut y, mut solved, mut du] = [0; 3].map(|_| vec![f32::NAN; u.len()]);
            let (mut w, mut log_det, mut d_theta) = (g.to_vec(), vec![f64::NAN; count], vec![0.0; theta.len()]);
            map.map_rows(&theta, u, &mut y, &mut log_det);
            map.solve_rows(&theta, u, &mut solved);
            map.gradient_rows(&theta, u, g, &vec![0.3; count], &mut du, &mut d_theta);
            map.solve_transposed_rows(&theta, u, &mut w);
            (y, solved, du, w, log_det)
        };
        let all = run(&u, &g);
        for row in (0..rows).step_by(13).chain([rows - 1]) {
            let at = row * DIM..(row + 1) * DIM;
            let one = run(&u[at.clone()], &g[at.clone()]);
            let among = [&all.0, &all.1, &all.2, &all.3].map(|values| values[at.clone()].to_vec());
            assert_eq!([one.0, one.1, one.2, one.3], among, "{:?}, row {row}", map.identity);
            assert_eq!(one.4[0], all.4[row]);
        }
    }
}

#[test]
fn gradients_of_many_rows_are_the_sums_of_those_of_each() {
    for map in both() {
        let rows = 150;
        let (theta, u) = (theta(&map), noise(4, rows * DIM, 1.2));
        let (dy, dl) = (noise(5, u.len(), 1.0), noise(6, rows, 1.0));
        let [mut together, mut one_by_one] = [0; 2].map(|_| vec![1.0; theta.len()]);
        let [mut du, mut each] = [0; 2].map(|_| vec![f64::NAN; u.len()]);
        map.gradient_rows(&theta, &u, &dy, &dl, &mut du, &mut together);
        for row in 0..rows {
            let at = row * DIM..(row + 1) * DIM;
            map.gradient(&theta, &u[at.clone()], &dy[at.clone()], dl[row], &mut each[at], &mut one_by_one);
        }
        assert_eq!(du, each);
        for (a, b) in together.iter().zip(&one_by_one) {
            assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{:?}: {a} {b}", map.identity);
        }
    }
}

#[test]
fn heads_may_trade_places() {
    let map = transformer(None, affine());
    let (theta, u, network) = (theta(&map), noise(2, DIM, 1.0), Network::new(&map));
    let (width, size) = (map.width, map.width / map.heads);
    let turned = |n: usize| (n + size) % width;
    let mut permuted = theta.clone();
    for block in &network.blocks {
        for dense in [&block.query, &block.key, &block.value] {
            for input in 0..width {
                for n in 0..width {
                    permuted[dense.weight.start + input * width + turned(n)] =
                        theta[dense.weight.start + input * width + n];
                }
            }
        }
        if let Some(bias) = &block.query.bias {
            (0..width).for_each(|n| permuted[bias.start + turned(n)] = theta[bias.start + n]);
        }
        for n in 0..width {
            let at = |n: usize| block.output.weight.start + n * width;
            permuted[at(turned(n))..][..width].copy_from_slice(&theta[at(n)..][..width]);
        }
    }
    assert_ne!(theta, permuted);
    let (before, after) = (parameters(&map, &theta, &u), parameters(&map, &permuted, &u));
    for (a, b) in before.iter().flatten().zip(after.iter().flatten()) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn parts_are_numbered_and_a_lone_coordinate_has_no_value() {
    let names = |map: Transformer| map.parts().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let several = names(transformer(None, affine()));
    for name in ["value", "position", "block_0.attention.query.weight", "block_1.mlp.contract.bias", "head.bias"] {
        assert!(several.iter().any(|found| found == name), "{name} in {several:?}");
    }
    assert!(!several.iter().any(|name| name.contains("key.bias")));
    let lone = Transformer { order: vec![0], ..transformer(None, affine()) };
    assert_eq!(names(lone)[0], "position");
}

#[test]
fn the_map_is_affine_unless_another_is_named() {
    let json = r#"{"direction":"forward","order":[0,1],"blocks":1,"width":8,"heads":2}"#;
    let map: Transformer = serde_json::from_str(json).unwrap();
    assert_eq!((map.map, map.identity), (affine(), None));
}
