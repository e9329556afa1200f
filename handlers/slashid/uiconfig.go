package slashid

import (
	"encoding/json"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// uiKeys are the settings of the hosted pages that have a type.
var uiKeys = []struct {
	name, kind string
	fits       func(json.RawMessage) bool
}{
	{"dynamicFlowConfig", "an object", decodes[map[string]json.RawMessage]},
	{"dynamicFlowEnabled", "true or false", decodes[bool]},
	{"handleTypes", "a list of strings", isTexts},
	{"logoUrl", "a string", decodes[string]},
	{"pageBackgroundColor", "a string", decodes[string]},
	{"showBadge", "true or false", decodes[bool]},
	{"storeLastFactor", "true or false", decodes[bool]},
	{"supportURL", "a string", decodes[string]},
	{"alternativeAuthURL", "a string", decodes[string]},
	{"faviconUrl", "a string", decodes[string]},
	{"pageTitle", "a string", decodes[string]},
	{"themeVars", "an object of strings", isTextMap},
	{"textOverrides", "an object of strings", isTextMap},
}

func decodes[T any](value json.RawMessage) bool {
	var v T
	return !isNull(value) && json.Unmarshal(value, &v) == nil
}

func isTexts(value json.RawMessage) bool {
	var items []*string
	if isNull(value) || json.Unmarshal(value, &items) != nil {
		return false
	}
	for _, one := range items {
		if one == nil {
			return false
		}
	}
	return true
}

func isTextMap(value json.RawMessage) bool {
	var items map[string]*string
	if isNull(value) || json.Unmarshal(value, &items) != nil {
		return false
	}
	for _, one := range items {
		if one == nil {
			return false
		}
	}
	return true
}

// parseUI makes the settings of a body: a JSON object, in canonical form; empty
// for none.
func parseUI(data []byte) (document.JSON, error) {
	m, err := parseMembers(data)
	if err != nil {
		return "", err
	}
	for _, key := range uiKeys {
		if value, there := m.raw[key.name]; there && !key.fits(value) {
			m.wrong("/"+key.name, "type", "this must be %s", key.kind)
		}
	}
	if err := fault.Rules(m.faults); err != nil {
		return "", err
	}
	doc, err := document.ParseJSON(data)
	if err != nil {
		return "", fault.New(fault.Invalid, "", "the settings cannot be stored: %v", err)
	}
	if doc == "{}" {
		doc = ""
	}
	return doc, nil
}

func (h *handler) getUI(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := h.findAsOf(c, in)
	if err != nil {
		return nil, err
	}
	reply, err := ui(c, http.StatusOK, found)
	if err != nil || !in.Given() {
		return reply, err
	}
	return web.Then(reply, h.Store.Final(in)), nil
}

func ui(c *web.Call, status int, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	doc := found.Content.UIConfiguration
	if doc == "" {
		doc = "{}"
	}
	reply, err := success(status, raw(doc))
	if err != nil {
		return nil, err
	}
	reply.Header, reply.ETag = headersOf(found.Version), etag(found, Name+"-ui")
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

func (h *handler) putUI(c *web.Call) (*web.Reply, error) {
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	if _, err := readBody(c); err != nil {
		return nil, err // Content-Type and form
	}
	data, err := c.Body()
	if err != nil {
		return nil, err
	}
	doc, err := parseUI(data)
	if err != nil {
		return nil, err
	}
	found, err = h.edit(c, found.Entity, func(base *document.Client, _ *document.Setup) (*document.Client, []fault.Field) {
		next := document.Clone(base)
		if doc != "" || base.UIConfiguration != "{}" { // another dialect's {} is none as well
			next.UIConfiguration = doc
		}
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	return ui(c, http.StatusCreated, found)
}
