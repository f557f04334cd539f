package web

type outputsAnswer struct {
	Outputs []struct {
		Name, Kind, Error                string
		Seq, Behind, Sent, Refused, Lost int64
		At                               *int64 `json:"at_ms"`
	}
}

// An outputRow is an output: how far it is, and why it is no further.
type outputRow struct {
	Name, Kind, Error                string
	Seq, Behind, Sent, Refused, Lost int64
	At                               stamp
}

func showOutputs(q *request, list *outputsAnswer) any {
	var rows []outputRow
	for _, o := range list.Outputs {
		rows = append(rows, outputRow{o.Name, o.Kind, o.Error, o.Seq, o.Behind, o.Sent, o.Refused, o.Lost, q.ms(o.At)})
	}
	return struct{ Rows []outputRow }{rows}
}
