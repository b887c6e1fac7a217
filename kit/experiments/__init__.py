"""Experiments: how many measurements, how many samples, and what the theorems promise.

sweep      Sweep, run, collect, success_rate: an experiment is data, with one runner for all
trials     the sweeps of the lessons, in the sizes of the papers
distributed  one layer on several machines, by Dask, and what a neuron costs
theorems   the ledger: every numbered result, measured inside its hypotheses and outside
"""

from kit.experiments.rows import success_rate, values
from kit.experiments.sweep import Sweep, collect, fingerprint, provenance, recheck, resolve, run
