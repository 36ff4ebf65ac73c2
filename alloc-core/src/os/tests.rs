//! What can be tested of the system without its help.

use super::*;

/// Pages of 16 and 64 KiB exist; pools of 4 KiB and granules of 16 KiB then share
/// them with others, whose bytes must stay.
#[test]
fn only_whole_pages_of_a_range_are_given_back() {
    for page in [4 << 10, 16 << 10, 64 << 10] {
        for start in (0..256 << 10).step_by(4 << 10) {
            for bytes in (0..256 << 10).step_by(4 << 10) {
                let (head, whole) = whole_pages(start, bytes, page);
                let is_inside = |first: &usize| first + page <= start + bytes;
                let first = (0..).step_by(page).find(|first| *first >= start).unwrap();
                let pages = (first..).step_by(page).take_while(is_inside).count();
                assert_eq!(whole, pages * page, "{start} {bytes} {page}");
                assert!(whole == 0 || start + head == first);
            }
        }
    }
}
