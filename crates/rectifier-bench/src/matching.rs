//! Which of our settings a peer's row stands beside: that whose zeros it has, whatever the order it prints them in.

use crate::Row;

/// Zeros that differ by more are another setting.
const NEAR: f64 = 0.1;

/// Gives each of the `peers`' rows the setting among `ours` of the same work and batch size whose measured zeros are
/// nearest, one row of a program a setting. A row far from all of ours, or of a work that we do not do, has a setting of
/// its own, which other programs' rows of such zeros share. A program that tells no zeros (0) fits a work of one setting.
pub(crate) fn settle(ours: &[Row], peers: &mut [Row]) {
    // Settings that peers alone have: work, batch, setting, zeros.
    let mut extra: Vec<(String, usize, usize, f64)> = Vec::new();
    let mut done = vec![false; peers.len()];
    for at in 0..peers.len() {
        if done[at] {
            continue;
        }
        // Rows that differ in their setting alone.
        let first = peers[at].clone();
        let mut rows: Vec<usize> = (at..peers.len())
            .filter(|other| !done[*other] && same_but_setting(&peers[*other], &first))
            .collect();
        rows.iter().for_each(|row| done[*row] = true);
        let known = settings(ours, &first);
        let distance = |row: &Row, zeros: f64| match row.zeros == 0.0 && known.len() == 1 {
            true => 0.0,
            false => (row.zeros - zeros).abs(),
        };
        let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
        for row in &rows {
            let near = known.iter().map(|(setting, zeros)| {
                let distance = distance(&peers[*row], *zeros);
                (*row, *setting, distance)
            });
            pairs.extend(near.filter(|(_, _, distance)| *distance <= NEAR));
        }
        pairs.sort_by(|a, b| a.2.total_cmp(&b.2));
        let mut taken = Vec::new();
        for (row, setting, _) in pairs {
            if rows.contains(&row) && !taken.contains(&setting) {
                peers[row].setting = setting;
                taken.push(setting);
                rows.retain(|left| *left != row);
            }
        }
        for row in rows {
            let zeros = peers[row].zeros;
            let here = |(work, batch, ..): &&(String, usize, usize, f64)| {
                (work, *batch) == (&first.work, first.batch)
            };
            let shared = extra.iter().filter(here).find(|(_, _, setting, known)| {
                (known - zeros).abs() <= NEAR && !taken.contains(setting)
            });
            let setting = match shared {
                Some((_, _, setting, _)) => *setting,
                None => {
                    let next = known.len() + extra.iter().filter(here).count();
                    extra.push((first.work.clone(), first.batch, next, zeros));
                    next
                }
            };
            peers[row].setting = setting;
            taken.push(setting);
        }
    }
}

fn same_but_setting(one: &Row, other: &Row) -> bool {
    (&one.engine, &one.device, &one.work, one.batch)
        == (&other.engine, &other.device, &other.work, other.batch)
}

/// The settings of a work and batch size, each with the zeros of the first of ours that has it.
fn settings(ours: &[Row], like: &Row) -> Vec<(usize, f64)> {
    let mut found: Vec<(usize, f64)> = Vec::new();
    for row in ours {
        let same = (&row.work, row.batch) == (&like.work, like.batch);
        if same && found.iter().all(|(setting, _)| *setting != row.setting) {
            found.push((row.setting, row.zeros));
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn row(engine: &str, work: &str, zeros: f64, setting: usize) -> Row {
        let text = format!(
            r#"{{"engine": "{engine}", "work": "{work}", "batch": 10, "zeros": {zeros}, "ms": 1, "examples_per_s": 1, "setting": {setting}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn settled(peers: &[(&str, &str, f64)]) -> Vec<usize> {
        let ours = [
            row("sparse", "infer", 0.5, 0),
            row("burn", "infer", 0.51, 0),
            row("sparse", "infer", 0.77, 1),
            row("burn", "infer", 0.77, 1),
            row("sparse", "pretrain", 0.5, 0),
        ];
        let mut rows: Vec<Row> = peers
            .iter()
            .map(|(engine, work, zeros)| row(engine, work, *zeros, 0))
            .collect();
        settle(&ours, &mut rows);
        rows.iter().map(|row| row.setting).collect()
    }

    #[test]
    fn zeros_decide_and_not_the_order() {
        let peers = [("torch", "infer", 0.76), ("torch", "infer", 0.52)];
        assert_eq!(settled(&peers), [1, 0]);
        // A program that does one setting alone stands beside that one.
        assert_eq!(settled(&[("int8", "infer", 0.77)]), [1]);
        assert_eq!(settled(&[("int8", "infer", 0.5)]), [0]);
        let peers = [
            ("torch", "infer", 0.5),
            ("int8", "infer", 0.5),
            ("torch", "infer", 0.77),
        ];
        assert_eq!(settled(&peers), [0, 0, 1]);
    }

    #[test]
    fn what_is_far_from_ours_has_a_row_of_its_own_that_programs_share() {
        let peers = [
            ("torch", "infer", 0.95),
            ("torch", "infer", 0.5),
            ("int8", "infer", 0.96),
            ("int8", "infer", 0.2),
            ("torch", "juggle", 0.5),
            ("int8", "juggle", 0.5),
        ];
        assert_eq!(settled(&peers), [2, 0, 2, 3, 0, 0]);
        // Two rows of one program never share a setting.
        let peers = [("torch", "infer", 0.5), ("torch", "infer", 0.5)];
        assert_eq!(settled(&peers), [0, 2]);
    }

    #[test]
    fn zeros_that_are_not_told_fit_where_there_is_no_choice() {
        assert_eq!(settled(&[("torch", "pretrain", 0.0)]), [0]);
        assert_eq!(settled(&[("torch", "infer", 0.0)]), [2]);
        assert_eq!(settled(&[("torch", "pretrain", f64::MIN_POSITIVE)]), [1]);
    }
}
