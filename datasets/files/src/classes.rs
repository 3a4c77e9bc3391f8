//! Labels as the data name them, and the classes they make.

use std::collections::HashMap;

use rectifier_data::{listed, shortened};

/// The most classes that are told apart.
pub const MOST_CLASSES: usize = 1000;
/// With more different labels, among which fractions are, labels count as measurements.
const MOST_FRACTIONS: usize = 20;

/// The labels of examples while they are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    names: Vec<String>,
    ids: HashMap<String, u32>,
    of: Vec<u32>,
}

/// Classes in order, and that of every example.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Classes {
    /// By number where all are numbers, else by alphabet.
    pub names: Vec<String>,
    pub of: Vec<u32>,
}

impl Labels {
    /// Takes the label of the next example.
    pub fn push(&mut self, name: &str) -> Result<(), String> {
        let id = match self.ids.get(name) {
            Some(&id) => id,
            None => {
                let id = self.names.len() as u32;
                self.names.push(name.to_owned());
                self.ids.insert(name.to_owned(), id);
                if self.names.len() > MOST_CLASSES {
                    self.check_measured()?;
                    return Err(format!(
                        "there are more than {MOST_CLASSES} different labels, such as {}: name what tells classes apart",
                        listed(self.names.iter().take(3))
                    ));
                }
                id
            }
        };
        self.of.push(id);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    fn numbers(&self) -> Option<Vec<f64>> {
        let number = |name: &String| name.parse().ok().filter(|number: &f64| number.is_finite());
        self.names.iter().map(number).collect()
    }

    fn check_measured(&self) -> Result<(), String> {
        let Some(numbers) = self.numbers() else {
            return Ok(());
        };
        let fraction = numbers.iter().position(|number| number.fract() != 0.0);
        match fraction {
            Some(place) if numbers.len() > MOST_FRACTIONS => Err(format!(
                "the labels are real numbers, such as {}: networks here tell classes apart; make classes of ranges of them first",
                shortened(&self.names[place])
            )),
            _ => Ok(()),
        }
    }

    /// Puts the classes in order.
    pub fn finish(self) -> Result<Classes, String> {
        self.check_measured()?;
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        match self.numbers() {
            Some(numbers) => order.sort_by(|&a, &b| {
                numbers[a]
                    .total_cmp(&numbers[b])
                    .then_with(|| self.names[a].cmp(&self.names[b]))
            }),
            None => order.sort_by(|&a, &b| self.names[a].cmp(&self.names[b])),
        }
        match order.as_slice() {
            [] => return Err("no example has a label".into()),
            [one] => {
                return Err(format!(
                    "every example has the label {:?}: there is nothing to tell apart",
                    shortened(&self.names[*one])
                ));
            }
            _ => {}
        }
        let mut class = vec![0; order.len()];
        for (place, &id) in order.iter().enumerate() {
            class[id] = place as u32;
        }
        Ok(Classes {
            of: self.of.iter().map(|&id| class[id as usize]).collect(),
            names: order.into_iter().map(|id| self.names[id].clone()).collect(),
        })
    }

    /// The classes of examples of another part: those that the training data have.
    pub fn finish_as(self, names: &[String]) -> Result<Vec<u32>, String> {
        let known: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
        let mut unknown = Vec::new();
        let class: Vec<u32> = self
            .names
            .iter()
            .map(|name| {
                let class = known.get(name.as_str()).copied();
                class.unwrap_or_else(|| {
                    unknown.push(name);
                    0
                })
            })
            .collect();
        if !unknown.is_empty() {
            return Err(format!(
                "it has labels that the training data have not: {} (those have {})",
                listed(unknown),
                listed(names)
            ));
        }
        Ok(self.of.iter().map(|&id| class[id as usize]).collect())
    }
}

/// What to tell of classes that a part given by itself has no example of.
pub(crate) fn absent(part: &str, labels: &[u32], names: &[String]) -> Option<String> {
    let mut seen = vec![false; names.len()];
    labels.iter().for_each(|&label| seen[label as usize] = true);
    let absent: Vec<&String> = names
        .iter()
        .zip(&seen)
        .filter(|(_, seen)| !**seen)
        .map(|(name, _)| name)
        .collect();
    match absent.as_slice() {
        [] => None,
        absent => Some(format!(
            "the {part} part has no example of {}",
            listed(absent)
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn labels<S: AsRef<str>>(names: &[S]) -> Result<Labels, String> {
        let mut labels = Labels::default();
        names
            .iter()
            .try_for_each(|name| labels.push(name.as_ref()))?;
        Ok(labels)
    }

    #[test]
    fn classes_are_in_order_of_numbers_or_alphabet() {
        let classes = labels(&["10", "9", "-1", "9"]).unwrap().finish().unwrap();
        assert_eq!(classes.names, ["-1", "9", "10"]);
        assert_eq!(classes.of, [2, 1, 0, 1]);
        let classes = labels(&["b", "10", "a"]).unwrap().finish().unwrap();
        assert_eq!(classes.names, ["10", "a", "b"]);
        let names = classes.names;
        assert_eq!(
            labels(&["b", "a"]).unwrap().finish_as(&names).unwrap(),
            [2, 1]
        );
        assert_eq!(
            absent("test", &[2, 1], &names).unwrap(),
            "the test part has no example of \"10\""
        );
        let error = labels(&["b", "x"]).unwrap().finish_as(&names).unwrap_err();
        assert!(
            error.contains("have not: \"x\" (those have \"10\", \"a\", \"b\")"),
            "{error}"
        );
    }

    #[test]
    fn what_are_no_classes_is_said() {
        let many: Vec<String> = (0..1001).map(|id| format!("id{id}")).collect();
        assert!(labels(&many).unwrap_err().contains("more than 1000"));
        let whole: Vec<String> = (0..1001).map(|id| id.to_string()).collect();
        assert!(labels(&whole).unwrap_err().contains("more than 1000"));
        for count in [25, 2000] {
            let real: Vec<String> = (0..count).map(|id| format!("{id}.25")).collect();
            let error = labels(&real).and_then(Labels::finish).unwrap_err();
            assert!(error.contains("real numbers, such as 0.25"), "{error}");
        }
        let halves: Vec<String> = (2..11)
            .map(|star| (f64::from(star) / 2.0).to_string())
            .collect();
        assert_eq!(labels(&halves).unwrap().finish().unwrap().names.len(), 9);
        assert!(
            labels(&["a", "a"])
                .unwrap()
                .finish()
                .unwrap_err()
                .contains("nothing to tell apart")
        );
        assert!(
            labels::<&str>(&[])
                .unwrap()
                .finish()
                .unwrap_err()
                .contains("no example")
        );
    }
}
