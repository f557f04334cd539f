package main

import "errors"

// delete measures the longest pause of live sessions while a month of results is deleted.
func (f *fleetBench) delete(r *report) error {
	r.notMeasured("deleting a month", errors.New("this endpoint deletes nothing"))
	return nil
}
