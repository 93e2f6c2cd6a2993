//! Serials: what is read, what is refused, and that a slip is noticed.

use proptest::prelude::*;

use super::*;

fn serial(text: &str) -> Serial {
    text.parse().unwrap()
}

fn made(series: &str, year: u16, category: &str, sequence: u64) -> Serial {
    Serial::new(series.parse().unwrap(), year, category.parse().unwrap(), sequence).unwrap()
}

fn check(text: &str, expected: Result<Serial, SerialError>) {
    assert_eq!(text.parse(), expected, "{text}");
}

fn any_serial() -> impl Strategy<Value = Serial> {
    ("[A-Z]{2,6}", 2000..10_000u16, "[A-Z0-9]{1,4}", prop_oneof![1..2_000_000u64, 1..MAX_SEQUENCE])
        .prop_map(|(series, year, category, sequence)| made(&series, year, &category, sequence))
}

/// Whether a slip in `right` is refused, or does no harm; where it is read as another serial, only a look-alike stands
/// between the two check characters.
fn is_told(slip: &str, right: &Serial) -> bool {
    match slip.parse::<Serial>() {
        Err(_) => true,
        Ok(read) if read == *right => true,
        Ok(read) => {
            let typed = slip.chars().last().unwrap();
            let pair = [typed, read.check_character()];
            [['O', '0'], ['0', 'O'], ['I', '1'], ['1', 'I']].contains(&pair)
        }
    }
}

proptest! {
    #[test]
    fn what_was_printed_is_read(serial in any_serial()) {
        let text = serial.to_string();
        prop_assert_eq!(text.parse(), Ok(serial.clone()));
        let full_width: String = text.to_lowercase().chars()
            .map(|c| if c == '-' { '－' } else { char::from_u32(u32::from(c) + 0xfee0).unwrap() }).collect();
        prop_assert_eq!(full_width.parse(), Ok(serial.clone()));
        prop_assert_eq!(text.replace('-', " – ").parse(), Ok(serial.clone()));
        let bare = text.replace('-', "").parse();
        prop_assert!(bare == Ok(serial) || bare == Err(SerialError::Ambiguous), "{:?}", bare);
    }

    /// Over the characters, whatever the shape of the serial catches before.
    #[test]
    fn every_wrong_character_and_every_swap_of_neighbours_changes_the_sum(text in "[A-Z0-9]{1,24}", at: usize, other in "[A-Z0-9]") {
        let whole: Vec<char> = text.chars().chain([check_character(&text)]).collect();
        let fits = |chars: &[char]| {
            let (check, text) = chars.split_last().unwrap();
            check_character(&text.iter().collect::<String>()) == *check
        };
        prop_assert!(fits(&whole));
        let at = at % whole.len();
        let mut wrong = whole.clone();
        wrong[at] = other.chars().next().unwrap();
        prop_assert_eq!(fits(&wrong), wrong == whole);
        if at + 1 < whole.len() {
            let mut swapped = whole.clone();
            swapped.swap(at, at + 1);
            prop_assert_eq!(fits(&swapped), swapped == whole);
        }
    }

    #[test]
    fn look_alikes_are_read_as_what_was_printed(serial in any_serial(), typed: u64) {
        let text = serial.to_string();
        let category = text.splitn(4, '-').take(3).map(|part| part.len() + 1).collect::<Vec<_>>();
        let within = category[0] + category[1]..category.iter().sum::<usize>();
        let exchange = |(at, c): (usize, char)| match c {
            _ if at < category[0] || within.contains(&at) || typed >> (at % 64) & 1 == 0 => c,
            '0' => 'O',
            'O' => '0',
            '1' => 'I',
            'I' => '1',
            _ => c,
        };
        let typed: String = text.chars().enumerate().map(exchange).collect();
        prop_assert_eq!(typed.parse(), Ok(serial), "{}", typed);
    }

    /// But for what is read for its look-alike, at the check character.
    #[test]
    fn a_slip_in_a_serial_is_never_another_serial(serial in any_serial(), at: usize, other in "[A-Z0-9]") {
        let text = serial.to_string();
        let mut chars: Vec<char> = text.chars().collect();
        let at = at % chars.len();
        if chars[at] != '-' {
            chars[at] = other.chars().next().unwrap();
        }
        let wrong: String = chars.iter().collect();
        prop_assert!(is_told(&wrong, &serial), "{}", wrong);
        let mut chars: Vec<char> = text.chars().collect();
        if at + 1 < chars.len() && chars[at] != '-' && chars[at + 1] != '-' {
            chars.swap(at, at + 1);
        }
        let swapped: String = chars.iter().collect();
        prop_assert!(is_told(&swapped, &serial), "{}", swapped);
    }

    #[test]
    fn no_text_makes_the_parser_fall(text in "\\PC{0,80}") {
        let _ = text.parse::<Serial>();
    }

    #[test]
    fn counting_on_leaves_no_gap(highest in 0..MAX_SEQUENCE, year in 2000..2100u16) {
        let series = Series { code: "SLXA".parse().unwrap(), numbering: Numbering::Continuous };
        let next = series.next(year, &"WH".parse().unwrap(), Some(highest)).unwrap();
        prop_assert_eq!(next.sequence(), highest + 1);
    }
}

/// Every symbol against every other, at each place of a serial and its neighbour: not a sample.
#[test]
fn the_weights_tell_all_symbols_apart() {
    let symbols: Vec<char> = ('0'..='9').chain('A'..='Z').collect();
    for n_after in 0..24 {
        for &a in &symbols {
            for &b in symbols.iter().filter(|&&b| b != a) {
                let weigh = |text: [char; 2]| {
                    let sum = text.into_iter().fold(ZERO, |sum, c| sum.plus(Element::of(c)).times_weight());
                    (0..n_after).fold(sum, |sum, _| sum.times_weight())
                };
                assert!(weigh([a, '0']) != weigh([b, '0']) && weigh(['0', a]) != weigh(['0', b]));
                assert!(weigh([a, b]) != weigh([b, a]), "{a}{b}");
            }
        }
    }
}

#[test]
fn prints_canonically() {
    let printed = made("GZXA", 2026, "WH", 123).to_string();
    assert_eq!(printed, "GZXA-2026-WH-000123-R");
    assert_eq!(serial(&printed).sequence(), 123);
    assert!(made("GZXA", 2026, "WH", 1_234_567).to_string().contains("-1234567-"));
}

#[test]
fn refuses_with_a_reason() {
    check("", Err(SerialError::Shape));
    check("GZXA-2026-WH-000123", Err(SerialError::Shape));
    check("G-2026-WH-000123-K", Err(SerialError::Series("G".into())));
    check("GZXA-26-WH-000123-K", Err(SerialError::Year("26".into())));
    check("GZXA-1999-WH-000123-K", Err(SerialError::Year("1999".into())));
    check("GZXA-2026-WHXYZ-000123-K", Err(SerialError::Category("WHXYZ".into())));
    check("GZXA-2026-维护-000123-K", Err(SerialError::Category("维护".into())));
    check("GZXA-2026-WH-123-K", Err(SerialError::Sequence("123".into())));
    check("GZXA-2026-WH-0000123-K", Err(SerialError::Sequence("0000123".into())));
    check("GZXA-2026-WH-000000-K", Err(SerialError::Sequence("0".into())));
    check("GZXA-2026-WH-000123-?", Err(SerialError::CheckCharacter));
    check("GZXA-2026-WH-99999999999999999999-K", Err(SerialError::Sequence("9".repeat(20))));
}

/// As it happened: two certificates of one list ended with O and with 0.
#[test]
fn reads_what_looks_like_the_check_character_in_every_place() {
    let ends = |c| (1..).map(|n| made("GWSG", 2026, "WH", n)).find(|one| one.check_character() == c).unwrap();
    for (c, typed) in [('O', '0'), ('0', 'o'), ('I', '1'), ('1', 'i')] {
        let text = ends(c).to_string();
        let (start, _) = text.split_at(text.len() - 1);
        check(&format!("{start}{typed}"), Ok(ends(c)));
        check(&format!("{start}{typed}").replace('-', ""), Ok(ends(c)));
        check(&format!("{start}{typed}").replace("2026", "2O26").replace("-0", "-O"), Ok(ends(c)));
        check(&format!("{start}X"), Err(SerialError::CheckCharacter));
    }
}

#[test]
fn does_not_guess_where_a_category_ends() {
    let text = made("GZXA", 2026, "W1", 123_456).to_string();
    check(&text, Ok(made("GZXA", 2026, "W1", 123_456)));
    check(&text.replace('-', ""), Err(SerialError::Ambiguous));
}

#[test]
fn counts_on_over_the_years_unless_the_series_says_otherwise() {
    let mut series: Series = toml::from_str("code = 'SLXA'").unwrap();
    let category = "KF".parse().unwrap();
    assert_eq!(series.counter(2026), series.counter(2027));
    assert_eq!(series.next(2027, &category, Some(41)), Ok(made("SLXA", 2027, "KF", 42)));
    assert_eq!(series.next(2027, &category, None), Ok(made("SLXA", 2027, "KF", 1)));
    assert_eq!(series.next(2027, &category, Some(MAX_SEQUENCE)), Err(SerialError::Exhausted));
    assert_eq!(series.next(2027, &category, Some(u64::MAX)), Err(SerialError::Exhausted));
    series.numbering = Numbering::EachYear;
    assert_ne!(series.counter(2026), series.counter(2027));
}
