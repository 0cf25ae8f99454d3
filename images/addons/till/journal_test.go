package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func openTestJournal(t *testing.T, folder string) *Journal {
	t.Helper()
	journal, err := OpenJournal(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { journal.Close() })
	return journal
}

func testSale(id string, cents int64) Sale {
	return Sale{ID: id, At: time.Unix(1767225600, 0).UTC(), Pod: "till-a", Item: "tea", Cents: cents}
}

func mustAppend(t *testing.T, journal *Journal, sale Sale) {
	t.Helper()
	if err := journal.Append(sale); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, journal *Journal, limit int) (Totals, []Sale) {
	t.Helper()
	totals, sales, err := journal.Read(limit)
	if err != nil {
		t.Fatal(err)
	}
	return totals, sales
}

func appendRaw(t *testing.T, folder, text string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(folder, "sales.jsonl"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestAReplicaSeesTheSalesOfTheOther(t *testing.T) {
	folder := t.TempDir()
	one, other := openTestJournal(t, folder), openTestJournal(t, folder)
	mustAppend(t, one, testSale("a", 100))
	mustAppend(t, other, testSale("b", 250))
	for _, journal := range []*Journal{one, other} {
		totals, sales := mustRead(t, journal, 10)
		if totals != (Totals{Count: 2, Cents: 350}) {
			t.Errorf("totals are %+v", totals)
		}
		if len(sales) != 2 || sales[0].ID != "b" || sales[1].ID != "a" {
			t.Errorf("expected the newest sale first, got %+v", sales)
		}
	}
}

func TestSalesSurviveARestart(t *testing.T) {
	folder := t.TempDir()
	first := openTestJournal(t, folder)
	mustAppend(t, first, testSale("a", 100))
	first.Close()
	if totals, _ := mustRead(t, openTestJournal(t, folder), 0); totals.Count != 1 {
		t.Errorf("totals are %+v", totals)
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	folder := t.TempDir()
	var writers sync.WaitGroup
	for writer := range 4 {
		journal := openTestJournal(t, folder)
		writers.Add(1)
		go func() {
			defer writers.Done()
			for i := range 25 {
				if err := journal.Append(testSale(fmt.Sprintf("%d-%d", writer, i), 1)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	writers.Wait()
	totals, sales := mustRead(t, openTestJournal(t, folder), 1000)
	if totals != (Totals{Count: 100, Cents: 100}) {
		t.Errorf("totals are %+v", totals)
	}
	seen := map[string]bool{}
	for _, sale := range sales {
		seen[sale.ID] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d different sales", len(seen))
	}
}

func TestHalfALineFromAPowerCutSpoilsNoOtherSale(t *testing.T) {
	folder := t.TempDir()
	journal := openTestJournal(t, folder)
	mustAppend(t, journal, testSale("a", 100))
	appendRaw(t, folder, `{"id":"torn","at":"2026-`)
	if totals, _ := mustRead(t, journal, 0); totals != (Totals{Count: 1, Cents: 100}) {
		t.Errorf("before the next sale, totals are %+v", totals)
	}
	mustAppend(t, journal, testSale("b", 50))
	totals, sales := mustRead(t, journal, 10)
	if totals != (Totals{Count: 2, Cents: 150, Damaged: 1}) || sales[0].ID != "b" {
		t.Errorf("totals are %+v, sales %+v", totals, sales)
	}
}

func TestGarbageOfAnySizeIsSteppedOver(t *testing.T) {
	folder := t.TempDir()
	journal := openTestJournal(t, folder)
	mustAppend(t, journal, testSale("a", 100))
	appendRaw(t, folder, strings.Repeat("x", 3*readChunkBytes)+"\nnull\n{}\n\n")
	mustAppend(t, journal, testSale("b", 100))
	totals, _ := mustRead(t, journal, 0)
	if totals.Count != 2 || totals.Damaged == 0 {
		t.Errorf("totals are %+v", totals)
	}
}

func TestALineThatIsStillBeingWrittenIsReadOnceItIsWhole(t *testing.T) {
	folder := t.TempDir()
	journal := openTestJournal(t, folder)
	appendRaw(t, folder, `{"id":"a","cents":`)
	if totals, _ := mustRead(t, journal, 0); totals != (Totals{}) {
		t.Errorf("totals are %+v", totals)
	}
	appendRaw(t, folder, "7}\n")
	if totals, _ := mustRead(t, journal, 0); totals != (Totals{Count: 1, Cents: 7}) {
		t.Errorf("totals are %+v", totals)
	}
}

func TestAfterAFailedFlushNothingIsConfirmedAnyMore(t *testing.T) {
	journal := openTestJournal(t, t.TempDir())
	journal.flush = func(*os.File) error { return errors.New("the disk is gone") }
	if err := journal.Append(testSale("a", 1)); !errors.Is(err, errJournalBroken) {
		t.Errorf("got %v", err)
	}
	journal.flush = (*os.File).Sync
	if err := journal.Append(testSale("b", 1)); !errors.Is(err, errJournalBroken) {
		t.Errorf("the next flush was believed: %v", err)
	}
	if journal.Healthy() == nil {
		t.Error("a broken journal calls itself healthy")
	}
}

func TestAJournalThatWasRestoredFromABackupIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	journal := openTestJournal(t, folder)
	mustAppend(t, journal, testSale("a", 1))
	mustAppend(t, journal, testSale("b", 2))
	mustRead(t, journal, 0)
	first, _, _ := bytes.Cut(mustDump(t, journal), []byte{'\n'})
	if err := os.Truncate(filepath.Join(folder, "sales.jsonl"), int64(len(first)+1)); err != nil {
		t.Fatal(err)
	}
	if totals, _ := mustRead(t, journal, 0); totals != (Totals{Count: 1, Cents: 1}) {
		t.Errorf("totals are %+v", totals)
	}
}

func TestMemoryHoldsOnlyTheNewestSales(t *testing.T) {
	folder := t.TempDir()
	journal := openTestJournal(t, folder)
	var lines strings.Builder
	for i := range 3*recentSalesMax + 7 {
		fmt.Fprintf(&lines, `{"id":"%d","cents":1}`+"\n", i)
	}
	appendRaw(t, folder, lines.String())
	totals, sales := mustRead(t, journal, recentSalesMax)
	if totals.Count != 3*recentSalesMax+7 || len(sales) != recentSalesMax {
		t.Errorf("totals are %+v with %d sales", totals, len(sales))
	}
	if sales[0].ID != fmt.Sprint(3*recentSalesMax+6) {
		t.Errorf("the newest sale is %s", sales[0].ID)
	}
	if len(journal.recent) > 2*recentSalesMax {
		t.Errorf("%d sales are kept", len(journal.recent))
	}
}

func TestAFolderThatIsNotThereIsAnErrorThatSaysWhatToDo(t *testing.T) {
	_, err := OpenJournal(filepath.Join(t.TempDir(), "missing"))
	if err == nil || !strings.Contains(err.Error(), "is the volume mounted") {
		t.Errorf("got %v", err)
	}
}

func mustDump(t *testing.T, journal *Journal) []byte {
	t.Helper()
	var all bytes.Buffer
	if err := journal.Dump(&all); err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}
