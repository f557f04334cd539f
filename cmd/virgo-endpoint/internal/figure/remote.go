package figure

// remoteKind has the checks of package collect/remote.
func remoteKind(checkType string) (kind, bool) {
	certificate := plot{id: "certificate", title: "Certificate", sentence: "Time until the certificate ends.", lines: []line{level("ends in", "cert_end_in")}}
	constants := []string{"cert_start", "cert_end"}
	switch checkType {
	case "remote.http":
		return kind{hidden: append(constants, "truncated"), plots: []plot{
			fromZero(plot{id: "time", title: "Answer time", sentence: "Time from the begin of the request to each step of its answer.",
				lines: []line{level("whole answer", "duration"), level("first byte", "tt_firstbyte"), level("TLS", "tt_ssl"), level("connected", "tt_connect"), level("name resolved", "tt_resolve")}}),
			certificate,
			fromZero(plot{id: "size", title: "Size of the answer", sentence: "Bytes of the body.", lines: []line{level("body", "bytes")}}),
		}}, true
	case "remote.tcp":
		return kind{hidden: constants, plots: []plot{
			fromZero(plot{id: "time", title: "Connection time", sentence: "Time until the connection stood, until its first byte, and until the end of the check.",
				lines: []line{level("whole check", "duration"), level("first byte", "tt_firstbyte"), level("connected", "tt_connect")}}),
			certificate,
		}}, true
	case "remote.ping":
		return kind{hidden: []string{"count"}, plots: []plot{
			percent(plot{id: "answers", title: "Answers", sentence: "Pings that were answered.", lines: []line{level("answered", "available")}}),
			fromZero(plot{id: "time", title: "Round trip", sentence: "Time from a ping to its answer: the mean of a run, the fastest and the slowest.",
				lines: []line{level("mean", "average"), level("fastest", "minimum"), level("slowest", "maximum")}}),
		}}, true
	case "remote.dns":
		return kind{plots: []plot{
			fromZero(plot{id: "time", title: "Answer time", sentence: "Time until the name server had answered.", lines: []line{level("answered", "tt_resolve")}}),
			fromZero(plot{id: "count", title: "Records", sentence: "Records in the answer.", lines: []line{level("records", "count")}}),
		}}, true
	}
	return kind{}, false
}
