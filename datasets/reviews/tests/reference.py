"""Counts the words of restaurants/reviews.csv as the crate does, with Python's own csv and re.

Usage: python reference.py DATA_FOLDER; prints what tests/real.rs expects.
"""
import collections
import csv
import re
import sys


def words(text):
    for run in re.findall(r"(?:[^\W\d_]|[0-9]|['\u2019])+", text):
        run = run.strip("'\u2019")
        if run and len(run) <= 40:
            yield run.lower().replace("\u2019", "'")


with open(sys.argv[1] + "/restaurants/reviews.csv", encoding="utf-8", newline="") as file:
    texts = [set(words(row[0])) for row in list(csv.reader(file))[1:]]
counts = collections.Counter(word for text in texts for word in text)
top = sorted(counts, key=lambda word: (-counts[word], word))[:5000]
print("TOP", top[:8])
print("ENTRIES", sum(len(text & set(top)) for text in texts))
