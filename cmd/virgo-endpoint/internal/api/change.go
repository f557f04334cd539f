package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
)

// Bounds of a request with a body.
const (
	maxBody  = folder.MaxScheduleBytes
	bodyTime = 5 * time.Second
)

// A route is an operation of what can be changed. It may be a GET, too.
type route struct {
	method, path, id, summary, tag string
	// scopes are those one of which is needed.
	scopes []watch.Scope
	// status is that of success; 200 if it is 0.
	status int
	// conditional is set where If-Match or If-None-Match is needed.
	conditional bool
	// media is the type of the answer if it is no JSON.
	media string
}

// register registers a route. do gets who asks; its error is made an answer.
func register[In, Out any](a *API, r route, do func(context.Context, watch.Actor, *In) (*Out, error)) {
	op := operation(r.path, r.id, r.summary, r.tag)
	op.Method, op.DefaultStatus = r.method, r.status
	op.MaxBodyBytes, op.BodyReadTimeout = maxBody, bodyTime
	op.Metadata = map[string]any{scopesKey: r.scopes}
	op.Description = "Scope: " + strings.Join(watch.ScopeNames(r.scopes), " or ") + "."
	if r.method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if r.conditional {
		op.Errors = append(op.Errors, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
		op.Description += " If-Match has the ETag that the actor saw; If-None-Match: * makes something new."
	}
	if r.media != "" {
		op.Responses = map[string]*huma.Response{"200": {Description: "A file", Headers: map[string]*huma.Param{
			"ETag": {Schema: &huma.Schema{Type: huma.TypeString}},
		}, Content: map[string]*huma.MediaType{r.media: {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *In) (*Out, error) {
		if a.Admin == nil {
			return nil, huma.Error503ServiceUnavailable("nothing can be changed over this API")
		}
		out, err := do(ctx, actorOf(ctx), in)
		if err != nil {
			return nil, a.refused(ctx, err)
		}
		return out, nil
	})
	if r.method != http.MethodGet {
		a.describeMistakes(r)
	}
}

// describeMistakes has the document say what a change that is not valid is answered with.
func (a *API) describeMistakes(r route) {
	item := a.huma.OpenAPI().Paths[r.path]
	for method, op := range map[string]*huma.Operation{http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete} {
		if method != r.method {
			continue
		}
		code := fmt.Sprint(http.StatusUnprocessableEntity)
		op.Responses[code] = &huma.Response{Description: "It is not valid", Content: map[string]*huma.MediaType{
			problemType: {Schema: huma.SchemaFromType(a.huma.OpenAPI().Components.Schemas, reflect.TypeFor[mistakesProblem]())},
		}}
	}
}

// Conditions are the headers by which nobody overwrites what another changed meanwhile.
type Conditions struct {
	IfMatch     string `header:"If-Match" maxLength:"128" doc:"The ETag that the actor saw; * for any."`
	IfNoneMatch string `header:"If-None-Match" maxLength:"128" doc:"* where there must be nothing yet."`
}

// errCondition is returned for a change without conditions.
var errCondition = errors.New("If-Match with the ETag is needed, or If-None-Match: * for something new")

// match is what the conditions say. Error: errCondition.
func (c *Conditions) match() (admin.Match, error) {
	tag, ok := strings.CutPrefix(c.IfMatch, `"`)
	tag, closed := strings.CutSuffix(tag, `"`)
	switch {
	case c.IfMatch == "" && c.IfNoneMatch == "*":
		return admin.Match{New: true}, nil
	case c.IfMatch == "*" && c.IfNoneMatch == "":
		return admin.Match{Some: true}, nil
	case c.IfNoneMatch == "" && ok && closed && tag != "":
		return admin.Match{ETag: tag}, nil
	}
	return admin.Match{}, errCondition
}

// optional is match for changes that need no condition.
func (c *Conditions) optional() (admin.Match, error) {
	if c.IfMatch == "" && c.IfNoneMatch == "" {
		return admin.Match{Any: true}, nil
	}
	return c.match()
}

func quoted(etag string) string { return `"` + etag + `"` }

// A tagged is an answer with an ETag.
type tagged[T any] struct {
	ETag string `header:"ETag" doc:"For If-Match."`
	Body T
}

// A Mistake is one in what was sent.
type Mistake struct {
	Line    int    `json:"line,omitempty" doc:"From 1; 0: the whole."`
	Column  int    `json:"column,omitempty" doc:"From 1; 0: unknown."`
	CheckID string `json:"check_id,omitempty" doc:"The check that it is in."`
	Text    string `json:"text" doc:"What is wrong."`
	Hint    string `json:"hint,omitempty" doc:"The next step."`
}

// A mistakesProblem is the answer to what is not valid.
type mistakesProblem struct {
	huma.ErrorModel
	Mistakes []Mistake `json:"mistakes,omitempty" doc:"All mistakes of a file."`
}

func mistakesAnswer(detail string, problems []schedule.Problem) error {
	const code = http.StatusUnprocessableEntity
	return &mistakesProblem{huma.ErrorModel{Status: code, Title: http.StatusText(code), Detail: detail}, mistakesOf(problems)}
}

func mistakesOf(problems []schedule.Problem) []Mistake {
	list := make([]Mistake, 0, len(problems))
	for _, p := range problems {
		m := folder.PlaceOf(p)
		list = append(list, Mistake{m.Line, m.Column, p.CheckID, m.Text, m.Help})
	}
	return list
}

// refused is the answer to a change that was not made.
func (a *API) refused(ctx context.Context, err error) error {
	var scope *admin.ScopeError
	var changed *admin.Changed
	var invalid *admin.Invalid
	var answer huma.StatusError
	switch {
	case errors.As(err, &answer):
		return err
	case errors.As(err, &scope), errors.Is(err, admin.ErrWider):
		return huma.Error403Forbidden(err.Error())
	case errors.Is(err, errCondition):
		return huma.NewError(http.StatusPreconditionRequired, err.Error())
	case errors.As(err, &changed):
		answer := huma.NewError(http.StatusPreconditionFailed, err.Error())
		if changed.ETag == "" {
			return answer
		}
		return huma.ErrorWithHeaders(answer, http.Header{"Etag": {quoted(changed.ETag)}})
	case errors.As(err, &invalid):
		return mistakesAnswer(invalid.Error(), invalid.Problems)
	case isAny(err, admin.ErrNotFound, intake.ErrNoSuchAgent, intake.ErrNoSuchToken, watch.ErrNoSuchPerson, watch.ErrNoSuchSilence, watch.ErrNoSuchState):
		return huma.Error404NotFound(err.Error())
	case isAny(err, intake.ErrAgentExists, watch.ErrPersonExists, watch.ErrTooManyQuestions):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, watch.ErrChanged):
		return huma.NewError(http.StatusPreconditionFailed, err.Error())
	case isAny(err, intake.ErrBadTag, intake.ErrTooManyTags, intake.ErrBadLabel, intake.ErrBadTokenSpec, intake.ErrBadAgentID):
		return huma.Error422UnprocessableEntity(err.Error())
	case isAny(err, admin.ErrTooMany, login.ErrBusy):
		return huma.ErrorWithHeaders(huma.Error429TooManyRequests(err.Error()), http.Header{"Retry-After": {"1"}})
	}
	return a.failed(ctx, err)
}

func isAny(err error, list ...error) bool {
	for _, one := range list {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}
