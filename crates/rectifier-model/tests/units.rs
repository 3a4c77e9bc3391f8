//! Which constants a unit may have.
#![allow(clippy::unwrap_used)]

use rectifier_model::Unit;

#[test]
fn sharpness_and_alpha_are_above_0_and_slopes_are_any_number() {
    for (value, inside) in [
        (-1.0, false),
        (0.0, false),
        (0.5, true),
        (3.0, true),
        (f64::INFINITY, false),
    ] {
        for unit in [
            Unit::Softplus { sharpness: value },
            Unit::Elu { alpha: value },
        ] {
            let found = unit.validate();
            assert_eq!(found.is_ok(), inside, "{unit:?}");
            if let Err(error) = found {
                assert!(error.to_string().ends_with("it must be above 0"), "{error}");
            }
        }
    }
    for slope in [-0.5, 0.0, 0.5] {
        assert!(Unit::Leaky { slope }.validate().is_ok());
        assert!(Unit::ParametricLeaky { slope }.validate().is_ok());
    }
    let error = Unit::Leaky { slope: f64::NAN }.validate().unwrap_err();
    assert!(error.to_string().contains("slope is NaN"), "{error}");
}
