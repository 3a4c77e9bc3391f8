//! Long series by fewer points, without their peaks lost.

/// The places of at most some `most` of the points `ys`: of each of equally long stretches the lowest and the highest one, the
/// first and the last point, and all that `keep` names. Places rise. A series that is short enough keeps every point.
///
/// A stretch whose points are no numbers keeps its first, so that a gap stays one.
///
/// ```
/// let ys: Vec<f64> = (0..10_000).map(|x| if x == 4321 { 9.0 } else { 1.0 }).collect();
/// let places = rectifier_plot::thinned(&ys, 100, |_| false);
/// assert!(places.len() <= 102 && places.contains(&4321));
/// ```
pub fn thinned(ys: &[f64], most: usize, keep: impl Fn(usize) -> bool) -> Vec<usize> {
    if ys.len() <= most.max(2) {
        return (0..ys.len()).collect();
    }
    let stretches = (most / 2).max(1);
    let mut places = Vec::with_capacity(most + 2);
    for stretch in 0..stretches {
        let (from, to) = (
            stretch * ys.len() / stretches,
            (stretch + 1) * ys.len() / stretches,
        );
        let numbers = || (from..to).filter(|place| !ys[*place].is_nan());
        let by = |a: &usize, b: &usize| ys[*a].total_cmp(&ys[*b]);
        places.extend(numbers().min_by(by).or((from < to).then_some(from)));
        places.extend(numbers().max_by(by));
    }
    places.extend([0, ys.len() - 1]);
    places.extend((0..ys.len()).filter(|place| keep(*place)));
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn peaks_gaps_ends_and_what_is_named_stay() {
        let mut ys: Vec<f64> = (0..100_000).map(|x| f64::from(x % 7)).collect();
        ys[31_234] = 100.0;
        ys[70_000] = -100.0;
        ys[50_000..50_500].fill(f64::NAN);
        let places = thinned(&ys, 500, |place| place == 12_345);
        assert!(places.len() <= 503, "{}", places.len());
        for place in [0, 99_999, 31_234, 70_000, 12_345] {
            assert!(places.contains(&place), "{place}");
        }
        assert!(places.iter().any(|place| ys[*place].is_nan()));
    }

    proptest! {
        #[test]
        fn as_many_as_asked_for_in_their_order(
            ys in prop::collection::vec(any::<f64>(), 0..300), most in 0usize..60,
        ) {
            let places = thinned(&ys, most, |_| false);
            prop_assert!(places.is_sorted_by(|a, b| a < b));
            prop_assert!(places.iter().all(|place| *place < ys.len()));
            prop_assert!(places.len() <= ys.len().min(most.max(2) + 2));
            prop_assert!(ys.is_empty() || places.contains(&(ys.len() - 1)));
            if ys.len() <= most {
                prop_assert_eq!(places.len(), ys.len());
            }
        }
    }
}
