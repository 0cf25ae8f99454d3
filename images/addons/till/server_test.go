package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

const testCardKey = "canary-0d1e2f"

func newTestServer(t *testing.T, version string) (*Server, *Journal) {
	t.Helper()
	journal := openTestJournal(t, t.TempDir())
	identity := Identity{Version: version, StoreNumber: "0042", Pod: "till-a", CardKey: []byte(testCardKey)}
	server, err := NewServer(identity, journal, func() time.Time { return time.Unix(1767225600, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return server, journal
}

func request(server *Server, method, path, kind, body string) *httptest.ResponseRecorder {
	call := httptest.NewRequest(method, path, strings.NewReader(body))
	if kind != "" {
		call.Header.Set("Content-Type", kind)
	}
	recorder := httptest.NewRecorder()
	server.Handler().ServeHTTP(recorder, call)
	return recorder
}

func TestASaleIsConfirmedAndThenListed(t *testing.T) {
	server, _ := newTestServer(t, "1.0.0")
	reply := request(server, "POST", "/sales", "application/json", `{"item":"tea","cents":250}`)
	if reply.Code != http.StatusCreated {
		t.Fatalf("%d %s", reply.Code, reply.Body)
	}
	var made Sale
	if err := json.Unmarshal(reply.Body.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	if made.ID == "" || made.Item != "tea" || made.Cents != 250 || made.Pod != "till-a" || len(made.Receipt) != 32 {
		t.Errorf("the sale is %+v", made)
	}
	var list struct {
		Store string
		Count int
		Cents int
		Sales []Sale
	}
	if err := json.Unmarshal(request(server, "GET", "/sales", "", "").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if list.Store != "0042" || list.Count != 1 || list.Cents != 250 || len(list.Sales) != 1 || list.Sales[0] != made {
		t.Errorf("the list is %+v", list)
	}
}

func TestBadSalesAreRefusedAndLeaveNoTrace(t *testing.T) {
	server, journal := newTestServer(t, "1.0.0")
	for body, status := range map[string]int{
		``:                                     http.StatusBadRequest,
		`[]`:                                   http.StatusBadRequest,
		`{"item":"tea"}`:                       http.StatusBadRequest,
		`{"item":" ","cents":1}`:               http.StatusBadRequest,
		`{"item":"tea","cents":0}`:             http.StatusBadRequest,
		`{"item":"tea","cents":-5}`:            http.StatusBadRequest,
		`{"item":"tea","cents":1.5}`:           http.StatusBadRequest,
		`{"item":"tea","cents":99999999999}`:   http.StatusBadRequest,
		`{"item":"tea","cents":1,"free":true}`: http.StatusBadRequest,
		`{"item":"tea","cents":1}{"item":"cake","cents":1}`:   http.StatusBadRequest,
		`{"item":"` + strings.Repeat("x", 101) + `"}`:         http.StatusBadRequest,
		`{"item":"` + strings.Repeat("x", bodyBytesMax) + `"`: http.StatusRequestEntityTooLarge,
	} {
		reply := request(server, "POST", "/sales", "application/json", body)
		if reply.Code != status || !strings.Contains(reply.Body.String(), `"error"`) {
			t.Errorf("%.60s: %d %s", body, reply.Code, reply.Body)
		}
	}
	if totals, _ := mustRead(t, journal, 0); totals != (Totals{}) {
		t.Errorf("totals are %+v", totals)
	}
}

func TestTheFormOfThePageSellsAndReturnsToThePage(t *testing.T) {
	server, journal := newTestServer(t, "1.0.0")
	form := url.Values{"item": {"tea"}, "cents": {"250"}}.Encode()
	reply := request(server, "POST", "/sales", "application/x-www-form-urlencoded", form)
	if reply.Code != http.StatusSeeOther || reply.Header().Get("Location") != "/" {
		t.Errorf("%d %v", reply.Code, reply.Header())
	}
	if totals, _ := mustRead(t, journal, 0); totals.Count != 1 {
		t.Errorf("totals are %+v", totals)
	}
}

func TestThePageShowsStorePodAndSalesAndEscapesItems(t *testing.T) {
	server, journal := newTestServer(t, "1.0.0")
	sale := testSale("a", 250)
	sale.Item = "<script>"
	mustAppend(t, journal, sale)
	page := request(server, "GET", "/", "", "").Body.String()
	for _, text := range []string{"Store 0042", "1 sales", "till-a", "till 1.0.0", "2.50", "&lt;script&gt;"} {
		if !strings.Contains(page, text) {
			t.Errorf("%q is missing in\n%s", text, page)
		}
	}
}

func TestEveryVersionHasAPageAndTheyDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		server, _ := newTestServer(t, version)
		page := request(server, "GET", "/", "", "")
		if page.Code != http.StatusOK || page.Header().Get("X-Till-Version") != version {
			t.Errorf("%s: %d", version, page.Code)
		}
		seen[strings.ReplaceAll(page.Body.String(), version, "")] = true
	}
	if len(seen) != 2 {
		t.Error("the pages of the versions look the same")
	}
	if _, err := NewServer(Identity{Version: "9.9.9"}, nil, time.Now); err == nil {
		t.Error("a version without a page was accepted")
	}
}

func TestTheCardKeyIsNeverShown(t *testing.T) {
	for _, version := range []string{"1.0.0", "1.1.0"} {
		server, _ := newTestServer(t, version)
		request(server, "POST", "/sales", "application/json", `{"item":"tea","cents":250}`)
		for _, path := range []string{"/", "/sales", "/journal", "/healthz", "/livez", "/nothing"} {
			if reply := request(server, "GET", path, "", ""); strings.Contains(reply.Body.String(), testCardKey) {
				t.Errorf("%s shows it", path)
			}
		}
	}
}

func TestAnotherCardKeyMakesAnotherReceipt(t *testing.T) {
	server, _ := newTestServer(t, "1.0.0")
	sale := testSale("a", 250)
	before := server.receipt(sale)
	server.identity.CardKey = []byte("another")
	if before == server.receipt(sale) {
		t.Error("the receipt does not depend on the key")
	}
}

func TestADrainingReplicaAnswersButWantsNoMore(t *testing.T) {
	server, _ := newTestServer(t, "1.0.0")
	if reply := request(server, "GET", "/healthz", "", ""); reply.Code != http.StatusOK {
		t.Errorf("ready: %d", reply.Code)
	}
	server.Drain()
	if reply := request(server, "GET", "/healthz", "", ""); reply.Code != http.StatusServiceUnavailable {
		t.Errorf("ready while draining: %d", reply.Code)
	}
	if reply := request(server, "GET", "/livez", "", ""); reply.Code != http.StatusOK {
		t.Errorf("alive while draining: %d", reply.Code)
	}
	reply := request(server, "POST", "/sales", "application/json", `{"item":"tea","cents":250}`)
	if reply.Code != http.StatusCreated || reply.Header().Get("Connection") != "close" {
		t.Errorf("a sale while draining: %d %v", reply.Code, reply.Header())
	}
}

func TestABrokenJournalMakesTheReplicaUnreadyAndDead(t *testing.T) {
	server, journal := newTestServer(t, "1.0.0")
	journal.flush = func(*os.File) error { return os.ErrInvalid }
	reply := request(server, "POST", "/sales", "application/json", `{"item":"tea","cents":250}`)
	if reply.Code != http.StatusServiceUnavailable {
		t.Errorf("the sale: %d", reply.Code)
	}
	for _, path := range []string{"/healthz", "/livez"} {
		if reply := request(server, "GET", path, "", ""); reply.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, reply.Code)
		}
	}
}

func TestLimitsOfTheListAreChecked(t *testing.T) {
	server, _ := newTestServer(t, "1.0.0")
	for query, status := range map[string]int{"0": 200, "1000": 200, "1001": 400, "-1": 400, "x": 400} {
		if reply := request(server, "GET", "/sales?limit="+query, "", ""); reply.Code != status {
			t.Errorf("limit=%s: %d", query, reply.Code)
		}
	}
}

func TestTheJournalIsServedWhole(t *testing.T) {
	server, journal := newTestServer(t, "1.0.0")
	mustAppend(t, journal, testSale("a", 1))
	mustAppend(t, journal, testSale("b", 2))
	if lines := strings.Count(request(server, "GET", "/journal", "", "").Body.String(), "\n"); lines != 2 {
		t.Errorf("%d lines", lines)
	}
}
