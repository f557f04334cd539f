package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type healthBody struct {
	SchemaVersion int            `json:"schema_version" doc:"1"`
	Status        string         `json:"status" enum:"ok,damaged,full" doc:"full: nothing is stored for want of space, and agents keep their results. damaged: a file of the store was set aside; results are stored."`
	Version       string         `json:"version" doc:"That of the endpoint's program."`
	Now           int64          `json:"now_ms" doc:"This endpoint's clock."`
	Agents        map[string]int `json:"agents" doc:"Number of agents by health, without removed ones."`
	Store         storage        `json:"store" doc:"What is stored."`
	Followers     []follower     `json:"followers" nullable:"false" doc:"Those who follow new results: alarms, outputs, the page."`
	Warnings      []string       `json:"warnings" nullable:"false" doc:"What its owner has to see to, such as a certificate that ends soon; empty where nothing is."`
}

// A storage is what the store says about itself.
type storage struct {
	Results    int64  `json:"results" doc:"Number of stored results."`
	Bytes      int64  `json:"bytes" doc:"What the files take on disk."`
	MaxBytes   *int64 `json:"max_bytes" doc:"The bound of that; null if there is none."`
	FreeBytes  *int64 `json:"free_bytes" doc:"Free space of the disk; null if unknown."`
	Oldest     *int64 `json:"oldest_ms" doc:"When the oldest stored results arrived; null if there are none."`
	Segments   int    `json:"segments" doc:"Number of files with results."`
	Damaged    int    `json:"damaged_segments" doc:"How many of them were set aside because they are damaged."`
	ThrownAway int64  `json:"thrown_away" doc:"Results that came too late to be kept: made before the oldest that are."`
}

// A follower is one of those who follow new results.
type follower struct {
	Name    string  `json:"name" doc:"What it is called, for example live."`
	Behind  int64   `json:"behind_results" doc:"Results that it has not taken yet."`
	Lost    int64   `json:"lost_results" doc:"Results that were deleted or damaged before it took them, since the start."`
	Failing *int64  `json:"failing_since_ms" doc:"Since when it takes none; null if it does."`
	Error   *string `json:"error" doc:"Why; null likewise."`
}

func (a *API) followers() []follower {
	list := []follower{}
	if a.Followers == nil {
		return list
	}
	for _, s := range a.Followers() {
		one := follower{Name: s.Name, Behind: s.Behind, Lost: s.Lost, Failing: report.MS(s.Failing)}
		if s.Err != nil {
			text := shorttext.Sanitize(s.Err.Error())
			one.Error = &text
		}
		list = append(list, one)
	}
	return list
}

func (a *API) registerSelf() {
	get(a, "/v1/health", "get-health", "How the endpoint is", selfTag, func(ctx context.Context, _ *struct{}) (*body[healthBody], error) {
		st, agents, err := a.self(ctx)
		if err != nil {
			return nil, a.failed(ctx, err)
		}
		out := healthBody{schemaVersion, "ok", a.Version, a.Now().UnixMilli(), agents, storageOf(&st), a.followers(), []string{}}
		if a.Warnings != nil {
			out.Warnings = append(out.Warnings, a.Warnings()...)
		}
		switch {
		case st.Full:
			out.Status = "full"
		case st.Damaged > 0:
			out.Status = "damaged"
		}
		return &body[healthBody]{out}, nil
	})
	op := operation("/metrics", "get-metrics", "The endpoint's figures, in Prometheus' text format", selfTag)
	op.Responses = map[string]*huma.Response{"200": {Description: "Figures", Content: map[string]*huma.MediaType{
		metricsType: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(a.huma, op, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		st, agents, err := a.self(ctx)
		if err != nil {
			return nil, a.failed(ctx, err)
		}
		var b bytes.Buffer
		writeFigures(&b, append(a.figures(&st, agents), a.others()...))
		return plain(metricsType, b.Bytes()), nil
	})
	hidden := operation("/openapi.json", "get-openapi", "This document", selfTag)
	hidden.Hidden = true
	hidden.Metadata = map[string]any{scopesKey: watch.AllScopes()}
	huma.Register(a.huma, hidden, func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		data, err := a.document()
		if err != nil {
			return nil, a.failed(context.Background(), err)
		}
		return plain("application/json", data), nil
	})
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "there is no such path; /openapi.json lists them")
	})
}

// plain is an answer that is no JSON of huma's.
func plain(contentType string, data []byte) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(data)
	}}
}

// others are the figures of the rest of the endpoint.
func (a *API) others() []Figure {
	var list []Figure
	followers := a.followers()
	for _, f := range followers {
		list = append(list, Figure{"feed_behind_results", "Results that a follower of new results has not taken yet.", "follower", f.Name, float64(f.Behind)})
	}
	for _, f := range followers {
		list = append(list, Figure{"feed_lost_results_total", "Results that were deleted or damaged before a follower took them.", "follower", f.Name, float64(f.Lost)})
	}
	for _, f := range followers {
		list = append(list, Figure{"feed_failing", "1 while a follower takes no new results.", "follower", f.Name, truth(f.Failing != nil)})
	}
	if a.Live != nil {
		list = append(list, Figure{Name: "live_values_left_out_total", Help: "Latest values that were not kept because their host has too many.",
			Value: float64(a.Live.Left())})
	}
	if a.Figures != nil {
		list = append(list, a.Figures()...)
	}
	return list
}

// self is what the store says about itself, and the number of agents by health.
func (a *API) self(ctx context.Context) (intake.Storage, map[string]int, error) {
	st, err := a.Store.Storage(ctx)
	if err != nil {
		return st, nil, err
	}
	list, err := a.agents.get(ctx, a.Store, a.Now())
	if err != nil {
		return st, nil, err
	}
	agents := map[string]int{}
	for _, name := range report.HealthNames() {
		if name != string(report.Removed) {
			agents[name] = 0
		}
	}
	for i := range list {
		if list[i].Removed == nil {
			agents[string(list[i].Health)]++
		}
	}
	return st, agents, nil
}

func storageOf(st *intake.Storage) storage {
	s := storage{Results: st.Results, Bytes: st.Bytes, Oldest: report.MS(st.Oldest), Segments: st.Segments, Damaged: st.Damaged, ThrownAway: st.ThrownAway}
	if st.MaxBytes > 0 {
		s.MaxBytes = &st.MaxBytes
	}
	if st.FreeBytes >= 0 {
		s.FreeBytes = &st.FreeBytes
	}
	return s
}

// seconds is a time as Prometheus has it.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
