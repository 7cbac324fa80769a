"use strict";

// Browsers start no worker from a file on the disk. There the site's search runs in a hidden frame instead.
if (location.protocol === "file:") {
  const BrowsersWorker = window.Worker;
  window.Worker = class extends EventTarget {
    constructor(url, options) {
      if (String(url).startsWith("blob:")) return new BrowsersWorker(url, options); // not from the disk
      super();
      this.frame = Object.assign(document.createElement("iframe"), { hidden: true, title: "Search" });
      document.body.append(this.frame);
      this.inside = this.frame.contentWindow;
      this.inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.inside.importScripts = (...urls) => Promise.all(urls.map((each) => this.load(each)));
      this.ready = this.load(url);
    }

    load(url) {
      return new Promise((resolve, reject) => {
        const script = this.inside.document.createElement("script");
        Object.assign(script, { src: url, async: false, onload: resolve, onerror: reject });
        this.inside.document.body.append(script);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
