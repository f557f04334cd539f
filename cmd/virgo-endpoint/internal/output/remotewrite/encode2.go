package remotewrite

import (
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
)

// encode2 returns the message of 2.0 with some series.
func encode2(list []series) ([]byte, error) {
	symbols := writev2.NewSymbolTable()
	message := writev2.Request{Timeseries: make([]*writev2.TimeSeries, 0, len(list))}
	for _, s := range list {
		one := &writev2.TimeSeries{LabelsRefs: make([]uint32, 0, 2*len(s.labels)), Samples: make([]*writev2.Sample, 0, len(s.samples)),
			Metadata: &writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_GAUGE}}
		if s.counter {
			one.Metadata.Type = writev2.Metadata_METRIC_TYPE_COUNTER
		}
		for _, l := range s.labels {
			one.LabelsRefs = append(one.LabelsRefs, symbols.Symbolize(l[0]), symbols.Symbolize(l[1]))
		}
		for _, v := range s.samples {
			one.Samples = append(one.Samples, &writev2.Sample{Value: v.value, Timestamp: v.ms})
		}
		message.Timeseries = append(message.Timeseries, one)
	}
	message.Symbols = symbols.Symbols()
	return message.MarshalVT()
}
