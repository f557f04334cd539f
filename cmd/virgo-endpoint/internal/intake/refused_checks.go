package intake

import "time"

// RefusedFor is how long a check counts as refused while its agent is seen and sends no result of the
// check any more: it is no longer in the schedule then.
const RefusedFor = 48 * time.Hour

// TellsRefused reports whether a result that is stored for the first time says what its host's owner
// allows at present, refused or not. One that is late does not: the owner may have decided otherwise
// since.
func (r *Result) TellsRefused() bool { return !r.Late }
