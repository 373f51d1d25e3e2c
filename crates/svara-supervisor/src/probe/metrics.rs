//! Parses just enough of Prometheus text format to read one metric.

/// The sum of a metric over all its label sets; `None` if the text doesn't contain it.
///
/// # Examples
/// ```
/// let text = "# TYPE jobs gauge\njobs{engine=\"0\"} 2.0\njobs{engine=\"1\"} 1.0\njobs_total 9\n";
/// assert_eq!(svara_supervisor::probe::sum_of(text, "jobs"), Some(3.0));
/// assert_eq!(svara_supervisor::probe::sum_of(text, "absent"), None);
/// ```
pub fn sum_of(text: &str, name: &str) -> Option<f64> {
    let mut sum = None;
    for line in text.lines() {
        let Some(rest) = line.strip_prefix(name) else { continue };
        let value = match rest.strip_prefix('{') {
            // Labels may contain spaces and braces; the value follows the last brace.
            Some(labelled) => labelled.rsplit_once('}').map(|(_, value)| value),
            None => rest.strip_prefix(' '),
        };
        let value = value.and_then(|value| value.split_whitespace().next()?.parse::<f64>().ok());
        if let Some(value) = value {
            *sum.get_or_insert(0.0) += value;
        }
    }
    sum
}
