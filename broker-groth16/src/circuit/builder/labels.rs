//! Names of constraints and signals.

use std::fmt;

/// The names of a sequence of constraints or signals. Neighbours of one name take the room of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The index at which each run of equal names begins, which ascend.
    runs: Vec<(usize, &'static str)>,
    length: usize,
}

impl Labels {
    pub(super) fn push(&mut self, name: &'static str) {
        if self.runs.last().is_none_or(|(_, last)| *last != name) {
            self.runs.push((self.length, name));
        }
        self.length += 1;
    }

    /// The number of constraints or signals.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The name of a constraint or signal.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Label> {
        if index >= self.length {
            return None;
        }
        let next = self.runs.partition_point(|(start, _)| *start <= index);
        let (start, name) = *self.runs.get(next.checked_sub(1)?)?;
        let end = self.runs.get(next).map_or(self.length, |(start, _)| *start);
        Some(Label { name, place: (end - start > 1).then_some(index - start) })
    }
}

/// The name of a constraint or signal. It is displayed as `name`, or as `name[place]` among several of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The name.
    pub name: &'static str,
    /// The place among neighbours of the same name, if there are several.
    pub place: Option<usize>,
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)?;
        self.place.map_or(Ok(()), |place| write!(formatter, "[{place}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_has_its_name_and_its_place() {
        let mut labels = Labels::default();
        assert!(labels.is_empty());
        ["a", "b", "b", "b", "c", "b"].into_iter().for_each(|name| labels.push(name));
        let names: Vec<_> = (0..labels.len()).map(|index| labels.get(index).unwrap().to_string()).collect();
        assert_eq!(names, ["a", "b[0]", "b[1]", "b[2]", "c", "b"]);
        assert_eq!(labels.get(6), None);
        assert_eq!(labels.runs.len(), 4);
    }
}
