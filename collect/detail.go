package collect

import "virgo/schedule"

// A MissingDetailError is returned by a check that cannot run without a detail. Its text is the
// status.
type MissingDetailError struct {
	// Key is the detail's name.
	Key string
}

func (e *MissingDetailError) Error() string { return "Missing " + e.Key + " parameter" }

// RequiredText returns the text of a detail that a check cannot run without. Errors:
// *[MissingDetailError] if it is absent or empty, *[schedule.DetailError] if it is a list or an
// object.
func RequiredText(d schedule.Details, key string) (string, error) {
	if v := d[key]; v == nil || v == "" {
		return "", &MissingDetailError{Key: key}
	}
	return OptionalText(d, key)
}

// OptionalText returns the text of a detail, "" if it is absent. Error: *[schedule.DetailError] if
// it is a list or an object.
func OptionalText(d schedule.Details, key string) (string, error) {
	if d[key] == nil {
		return "", nil
	}
	text, ok := d.Text(key)
	if !ok {
		return "", &schedule.DetailError{Key: key, Value: "a list or an object", Want: "a text"}
	}
	return text, nil
}

// ValidateDetails returns the first mistake in the values of details, a *[schedule.DetailError], also of
// those that a check does not use because of others.
func ValidateDetails(all []Detail, d schedule.Details) error {
	for _, spec := range all {
		if err := spec.Validate(d); err != nil {
			return err
		}
	}
	return nil
}
