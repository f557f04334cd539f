package api

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// tokenScheme is the name of the security scheme.
const tokenScheme = "token"

// description is that of the document.
const description = `What a virgo endpoint knows and what can be changed in it, for programs.

Every request has a token: ` + "`Authorization: Bearer virgo_…`" + `. One of kind read (` + "`virgo-endpoint token add --kind read`" + `) reads;
one of kind admin (` + "`token add --kind admin --scope schedules`" + `) does what its scopes name: ` + "`read`" + ` is one of them, each route says which it
needs, and a token makes no other that may do more. ` + "`token remove`" + ` ends a token at once. Whatever replaces or deletes something has ` + "`If-Match`" + `
with the ETag that the actor saw, so that of two who change the same thing one is told. Each change is in the audit log. What a host runs its own
owner decides: a schedule cannot widen it. Times are milliseconds since the Unix epoch (_ms); parameters take RFC 3339.
Later versions add fields: ignore those that you do not know. A field's meaning changes only with schema_version.`

// config is the configuration of huma: JSON only, no pages with scripts of others, no links to schemas.
func config(version string) huma.Config {
	cfg := huma.DefaultConfig("virgo-endpoint", version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", "", nil
	cfg.RejectUnknownQueryParameters = true // a filter with a slip would select everything
	cfg.Info.Description = description
	cfg.Info.License = &huma.License{Name: "see LICENSE"}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		tokenScheme: {Type: "http", Scheme: "bearer", Description: "A token of kind read or admin."},
	}
	cfg.Tags = []*huma.Tag{
		{Name: agentsTag, Description: "The hosts, with their state."},
		{Name: resultsTag, Description: "What they delivered."},
		{Name: historyTag, Description: "How metrics changed."},
		{Name: alarmsTag, Description: "What people should look at."},
		{Name: changesTag, Description: "What can be changed. Each change is in the audit log."},
		{Name: selfTag, Description: "The endpoint about itself."},
	}
	return cfg
}

// The tags of operations.
const (
	agentsTag  = "agents"
	resultsTag = "results"
	historyTag = "history"
	selfTag    = "endpoint"
	changesTag = "changes"
	alarmsTag  = "alarms"
)

// allowUnknownFields lets objects have fields that the document does not know: a later version adds some.
// What is sent has none: a silence with a slip in its tags would be for all.
func allowUnknownFields(doc *huma.OpenAPI) {
	sent := map[*huma.Schema]bool{}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				if media.Schema.Ref != "" {
					sent[doc.Components.Schemas.SchemaFromRef(media.Schema.Ref)] = true
				}
			}
		}
	}
	for _, s := range doc.Components.Schemas.Map() {
		if !sent[s] {
			s.AdditionalProperties = nil
		}
	}
}

// Document returns the OpenAPI document.
func Document(version string) ([]byte, error) {
	return New(Options{Version: version}).document()
}

func (a *API) document() ([]byte, error) {
	compact, err := a.huma.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("making the OpenAPI document: %w", err)
	}
	var doc any
	if err := json.Unmarshal(compact, &doc); err != nil {
		return nil, fmt.Errorf("making the OpenAPI document: %w", err)
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("making the OpenAPI document: %w", err)
	}
	return append(data, '\n'), nil
}

// yamlType is the type of bodies that are files.
const yamlType = "application/yaml"

// problemType is the type of answers that say what is wrong (RFC 9457).
const problemType = "application/problem+json"
