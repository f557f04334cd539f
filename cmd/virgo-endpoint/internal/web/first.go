package web

// showFirst shows how the first host is added, where there is none.
func (q *request) showFirst() error {
	return q.render("first", "The first host", nil)
}
